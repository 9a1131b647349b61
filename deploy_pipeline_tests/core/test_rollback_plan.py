"""Which changes on the way back are safe, and what an approval of the others is for."""

from dataclasses import replace

import pytest

from deploy_pipeline.core.candidate import PlannedStack
from deploy_pipeline.core.ledger.rollback_plan import all_classified, classified, rollback_plan_id
from deploy_pipeline.core.terraform_plan import ResourceChange
from deploy_pipeline_tests.samples import a_deployed

QUEUE = ResourceChange("aws_sqs_queue.q", "aws_sqs_queue", "change", ("update",))
PROTECTED = ("aws_ecr_repository", "aws_s3_bucket")


@pytest.mark.parametrize(("type_", "kind", "actions", "danger", "why"), [
    ("aws_sqs_queue", "add", ("create",), "safe", ""),
    ("aws_s3_bucket", "change", ("update",), "safe", ""),
    ("aws_iam_role", "none", ("no-op",), "safe", ""),
    ("aws_ami", "read", ("read",), "safe", ""),
    ("aws_sqs_queue", "destroy", ("delete",), "safe", ""),
    ("aws_sqs_queue", "replace", ("delete", "create"), "replaces", ""),
    ("aws_ecr_repository", "destroy", ("delete",), "destroys data", ""),
    ("aws_ecr_repository", "replace", ("create", "delete"), "destroys data", ""),
    ("aws_s3_bucket", "destroy", ("delete",), "irreversible", "its objects"),
    ("aws_kms_key", "replace", ("delete", "create"), "irreversible", "what it has encrypted"),
    ("aws_sqs_queue", "forget", ("forget",), "irreversible", "Terraform forgets it"),
    ("aws_sqs_queue", "replace", ("create", "forget"), "irreversible", "Terraform forgets it"),
])  # fmt: skip
def test_classified(type_: str, kind: str, actions: tuple[str, ...], danger: str, why: str) -> None:
    change = ResourceChange(f"{type_}.x", type_, kind, actions)  # type: ignore[arg-type]
    found = classified("main", change, PROTECTED)
    assert (found.danger, found.why.startswith(why), bool(found.why)) == (danger, True, bool(why))
    assert found.line.startswith(f"main: {danger}: {kind} {type_}.x")


def a_plan(name: str = "main") -> PlannedStack:
    return PlannedStack(name, "/work", "f" * 64, "sha256:1", 0, 1, 0, 0, changes=(QUEUE,))


def test_only_what_is_applied_counts() -> None:
    taken = replace(a_plan("taken"), taken=a_deployed().stacks[0])
    idle = replace(a_plan("idle"), applyable=False)
    assert [each.stack for each in all_classified([a_plan(), taken, idle], PROTECTED)] == ["main"]


def test_rollback_plan_id_names_just_this_way_back() -> None:
    one = rollback_plan_id("live", "r1", ("terraform",), [a_plan()])
    assert one.startswith("rollback-r1-")
    assert rollback_plan_id("live", "r1", ("terraform",), [replace(a_plan(), work="/another")]) == one
    others = [
        rollback_plan_id("another", "r1", ("terraform",), [a_plan()]),
        rollback_plan_id("live", "r2", ("terraform",), [a_plan()]),
        rollback_plan_id("live", "r1", ("functions", "terraform"), [a_plan()]),
        rollback_plan_id("live", "r1", ("terraform",), [replace(a_plan(), plan_digest="sha256:2")]),
        rollback_plan_id("live", "r1", ("terraform",), [a_plan(), a_plan("second")]),
    ]
    assert len({one, *others}) == len(others) + 1
