"""Terraform's diagnostics and what an operator is told about them."""

import pytest

from deploy_pipeline.core.terraform_errors import Step, diagnostics, failure

LOCKED = """
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error StatusCode: 412, PreconditionFailed
Lock Info:
  ID:        6f1d-abc
  Path:      state/k/t.tfstate
  Operation: OperationTypeApply
  Who:       me@host
  Version:   1.11.4
  Created:   2026-11-22 10:00:00 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
"""


@pytest.mark.parametrize(("step", "retryable"), [("plan", True), ("apply", False)])
def test_failure_names_who_holds_the_lock(step: Step, retryable: bool) -> None:
    error = failure(step, LOCKED, "main")
    assert (
        error.what
        == "the state is locked by me@host (OperationTypeApply) since 2026-11-22 10:00:00 +0000 UTC, lock 6f1d-abc"
    )
    assert "terraform force-unlock 6f1d-abc" in error.todo
    assert (error.where, error.retryable) == (f"terraform {step} of main", retryable)


@pytest.mark.parametrize(
    ("stderr", "todo", "retryable"),
    [
        ("Error: Failed to query available provider packages\n\ncould not connect to registry.x: no such host",
         "DEPLOY_PIPELINE_TERRAFORM_MIRROR", True),
        ("Error: Failed to install provider\n\ndoesn't match any of the checksums", "terraform providers lock", False),
        ("Error: Provider dependency changes detected", "terraform providers lock", False),
        ("Error: Saved plan is stale", "run the deployment again", False),
        ("Error: No valid credential sources found", "AWS credentials", False),
        ("Error: creating S3 Bucket: api error AccessDenied: not allowed", "the action that is named", False),
        ('Error: S3 bucket "x" does not exist.', "create the bucket", False),
        ('Error: No value for required variable\n\nThe root module input variable "x"', "`variables`", False),
        ("Error: reading: StatusCode: 503, ServiceUnavailable", "correct the stack", True),
        ("Error: Unsupported argument", "correct the stack", False),
    ],
)  # fmt: skip
def test_failure_says_what_to_do(stderr: str, todo: str, retryable: bool) -> None:
    error = failure("plan", stderr, "main")
    assert (todo in error.todo, error.retryable) == (True, retryable)
    assert error.what.startswith("Error: ")


def test_failure_of_an_apply_is_never_retryable_and_says_that_something_may_have_changed() -> None:
    error = failure("apply", "Error: connection reset by peer", "main")
    assert not error.retryable
    assert "may be partly changed" in error.todo


def test_diagnostics_drops_frames_and_earlier_warnings_and_cuts() -> None:
    framed = "╷\n│ Warning: old\n╵\n╷\n│ Error: Bad\n│ \n│   on main.tf line 3\n╵\n"
    assert diagnostics(framed) == "Error: Bad\n\n  on main.tf line 3"
    assert len(diagnostics("Error: " + "x" * 9000)) < 4100
    assert failure("plan", "", "main").what == "Terraform gave no reason"
