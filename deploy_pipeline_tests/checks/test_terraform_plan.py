"""The plan check over boxes that run nothing: who gets credentials, and what becomes of each answer."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.checks.terraform_plan import check_terraform_plan
from deploy_pipeline.core.checks.assessment import Assessment, not_audited
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline_tests.checks.infrastructure_case import (
    KEYS,
    ROLE,
    SomePlanAccess,
    a_stack,
    an_infrastructure_bench,
)
from deploy_pipeline_tests.fakes.fake_isolation import BoxCall, FakeIsolation, finished

PLAN = json.dumps({"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": []})
S3 = {"/scratch/terraform/terraform.tfstate": b'{"backend": {"type": "s3"}}'}
WITH_ROLE: dict[str, Any] = {"terraform_plan": {"role_arn": ROLE}}


def plans(call: BoxCall) -> Outcome:
    return finished(PLAN) if call.argv[1] == "show" else finished()


def terraform_calls(isolation: FakeIsolation) -> dict[str, BoxCall]:
    return {call.argv[1]: call for call in isolation.calls if call.program == "terraform"}


def test_a_head_that_nobody_trusts_waits_and_nothing_runs(tmp_path: Path) -> None:
    isolation, access = FakeIsolation(), SomePlanAccess()
    subject = a_stack(tmp_path, authorised=False, **WITH_ROLE)
    found = check_terraform_plan(subject, an_infrastructure_bench(isolation, access=access))
    assert found == Assessment("waiting", "waits for a maintainer's `ok-to-test` label on 1111111")
    assert (isolation.boxes, access.asked) == ([], [])


def test_without_a_role_nothing_is_known(tmp_path: Path) -> None:
    found = check_terraform_plan(a_stack(tmp_path), an_infrastructure_bench(FakeIsolation()))
    assert found.state == "not_audited"
    assert "plan_role_arn" in found.summary


def test_without_terraform_nothing_is_known(tmp_path: Path) -> None:
    bench = an_infrastructure_bench(FakeIsolation(), programs={})
    found = check_terraform_plan(a_stack(tmp_path, **WITH_ROLE), bench)
    assert found == not_audited("Terraform is not installed on the pipeline's machine")


def test_a_plan_against_aws(tmp_path: Path) -> None:
    isolation, access = FakeIsolation({"terraform": plans}, S3), SomePlanAccess()
    found = check_terraform_plan(a_stack(tmp_path, **WITH_ROLE), an_infrastructure_bench(isolation, access=access))
    assert (found.state, found.summary) == ("passed", "main: 0 to add, 0 to change, 0 to replace, 0 to destroy")
    assert access.asked == [(ROLE, "pr-7-111111111111")]
    (box,) = isolation.boxes
    assert (box.hosts, box.redirects) == (("*.amazonaws.com:443",), {})
    calls = terraform_calls(isolation)
    assert list(calls) == ["init", "plan", "show"]
    assert all(set(KEYS) <= set(calls[step].environment) for step in ("init", "plan"))
    # Nothing else sees the credentials, and nobody's arguments hold them.
    others = [call for call in isolation.calls if call not in (calls["init"], calls["plan"])]
    assert not [call for call in others if set(KEYS) & set(call.environment)]
    assert not [call for call in isolation.calls if KEYS["AWS_SECRET_ACCESS_KEY"] in " ".join(call.argv)]


def test_what_a_plan_prints_is_not_told_and_has_no_credential(tmp_path: Path) -> None:
    def leaking(call: BoxCall) -> Outcome:
        said = " ".join(KEYS.values())
        plan = json.loads(PLAN) | {"configuration": {"provider_config": {"aws": {"name": said}}}}
        return finished(json.dumps(plan) if call.argv[1] == "show" else f"{call.argv[1]} {said}", stderr=said)

    lines: list[str] = []
    bench = replace(an_infrastructure_bench(FakeIsolation({"terraform": leaking}, S3)), on_line=lines.append)
    found = check_terraform_plan(a_stack(tmp_path, **WITH_ROLE), bench)
    assert found.state == "passed"
    told = "(credential) (credential) (credential)"
    assert lines == [f"init {told}{told}", "planning main"]
    assert told.encode() in found.reports[0].content
    assert not [value for value in KEYS.values() if value.encode() in found.reports[0].content]


def test_a_plan_against_an_emulator_reaches_that_alone(tmp_path: Path) -> None:
    isolation = FakeIsolation({"terraform": plans}, S3)
    bench = an_infrastructure_bench(isolation, access=SomePlanAccess("127.0.0.1:4566"))
    assert check_terraform_plan(a_stack(tmp_path), bench).state == "passed"
    (box,) = isolation.boxes
    assert (box.hosts, dict(box.redirects)) == ((), {"aws.sandbox.internal:4566": "127.0.0.1:4566"})
    environment = terraform_calls(isolation)["plan"].environment
    assert environment["AWS_ENDPOINT_URL"] == "http://aws.sandbox.internal:4566"


@pytest.mark.parametrize(
    ("files", "summary"),
    [
        ({}, "main: the stack's backend is not declared: its state would not be in S3"),
        (
            {"/scratch/terraform/terraform.tfstate": b'{"backend": {"type": "local"}}'},
            "main: the stack's backend is local: its state would not be in S3",
        ),
    ],
)
def test_a_stack_with_another_backend_fails(tmp_path: Path, files: dict[str, bytes], summary: str) -> None:
    isolation = FakeIsolation({"terraform": plans}, files)
    found = check_terraform_plan(a_stack(tmp_path, **WITH_ROLE), an_infrastructure_bench(isolation))
    assert found == Assessment("failed", summary)
    assert "plan" not in terraform_calls(isolation)


def test_a_plan_that_does_not_end_fails(tmp_path: Path) -> None:
    isolation = FakeIsolation({"terraform": Outcome("timed_out", None, "", "", 1200.0)})
    found = check_terraform_plan(a_stack(tmp_path, **WITH_ROLE), an_infrastructure_bench(isolation))
    assert found == Assessment("failed", "main: it did not end within 20 minutes and was stopped")


def test_a_head_without_the_folder_fails(tmp_path: Path) -> None:
    subject = replace(a_stack(tmp_path / "a", **WITH_ROLE), head_tree=str(tmp_path))
    found = check_terraform_plan(subject, an_infrastructure_bench(FakeIsolation()))
    assert found == Assessment("failed", "the pull request has no folder terraform/main, which deploy.yaml names")
