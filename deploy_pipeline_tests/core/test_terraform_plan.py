"""Reading plans: tables of Terraform's JSON and the whole reading expected."""

import copy
from typing import Any

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.terraform_plan import PlanReading, ResourceChange, no_changes, read_plan


def resource(actions: list[str], address: str = "aws_s3_bucket.a", **change: Any) -> dict[str, Any]:
    """One entry of `resource_changes`; keywords go into its `change`."""
    kind, name = address.split(".")
    return {"address": address, "mode": "managed", "type": kind, "name": name, "change": {"actions": actions, **change}}


def plan(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {}, "resource_changes": list(resources), **more}


def digest_of(*resources: dict[str, Any], **more: Any) -> str:
    return read_plan(plan(*resources, **more)).digest


CREATED = resource(["create"], before=None, after={"bucket": "a"}, after_unknown={"arn": True}, after_sensitive={})


@pytest.mark.parametrize(
    ("actions", "kind", "counts"),
    [
        (["create"], "add", (1, 0, 0, 0)),
        (["update"], "change", (0, 1, 0, 0)),
        (["delete", "create"], "replace", (0, 0, 1, 0)),
        (["create", "delete"], "replace", (0, 0, 1, 0)),
        (["create", "forget"], "replace", (0, 0, 1, 0)),
        (["delete"], "destroy", (0, 0, 0, 1)),
        (["read"], "read", (0, 0, 0, 0)),
        (["forget"], "forget", (0, 0, 0, 0)),
    ],
)
def test_read_plan_counts_each_kind_of_change_once(
    actions: list[str], kind: str, counts: tuple[int, int, int, int]
) -> None:
    reading = read_plan(plan(resource(actions)))
    assert [(change.kind, change.actions) for change in reading.changes] == [(kind, tuple(actions))]
    assert (reading.add, reading.change, reading.replace, reading.destroy) == counts


def test_read_plan_without_changes_is_empty() -> None:
    reading = read_plan(plan(resource(["no-op"], before={"a": 1}, after={"a": 1})))
    assert reading == PlanReading(read_plan(plan()).digest, 0, 0, 0, 0, ())
    assert read_plan({"format_version": "1.2", "planned_values": {}}) == reading


def test_a_plan_that_applies_nothing_is_the_one_that_needs_no_look() -> None:
    """A deployment does not show such a plan, and its digest has to be that of the pull request, which does."""
    reading = read_plan(plan(resource(["read"], "data_thing.a"), applyable=False))
    assert (reading.digest, reading.applyable) == (no_changes().digest, False)
    assert no_changes() == read_plan(plan(applyable=False))


def test_read_plan_names_what_differs_and_shows_no_value() -> None:
    changed = resource(
        ["delete", "create"],
        before={"bucket": "a", "tags": {"x": "1"}, "arn": "arn", "same": 1},
        after={"bucket": "b", "tags": {"x": "1"}, "same": 1},
        after_unknown={"arn": True, "tags": {}, "rules": [{"id": False}]},
    )
    change = read_plan(plan({**changed, "action_reason": "replace_because_cannot_update"})).changes[0]
    assert change == ResourceChange(
        "aws_s3_bucket.a",
        "aws_s3_bucket",
        "replace",
        ("delete", "create"),
        ("arn", "bucket"),
        "replace_because_cannot_update",
    )


def test_read_plan_counts_a_moved_resource_as_touched_but_not_changed() -> None:
    reading = read_plan(plan({**resource(["no-op"]), "previous_address": "aws_s3_bucket.old"}))
    assert ([change.kind for change in reading.changes], reading.change) == (["none"], 0)
    assert reading.digest != digest_of()


def test_digest_is_the_same_for_the_same_changes_in_another_order_and_at_another_time() -> None:
    other = resource(["create"], "aws_s3_bucket.b", after={"x": 1, "y": 2})
    same = resource(["create"], "aws_s3_bucket.b", after={"y": 2, "x": 1})
    first = digest_of(CREATED, other, timestamp="2026-01-01T00:00:00Z", terraform_version="1.11.4")
    assert first == digest_of(same, copy.deepcopy(CREATED), timestamp="2026-06-01T00:00:00Z", resource_drift=[{}])
    assert first.startswith("sha256:")


@pytest.mark.parametrize(
    "other",
    [
        resource(["create"], before=None, after={"bucket": "b"}, after_unknown={"arn": True}, after_sensitive={}),
        resource(["create"], before=None, after={"bucket": "a"}, after_unknown={}, after_sensitive={}),
        resource(["update"], before=None, after={"bucket": "a"}, after_unknown={"arn": True}, after_sensitive={}),
        {**CREATED, "address": "aws_s3_bucket.b"},
        {**CREATED, "deposed": "00000001"},
    ],
)
def test_digest_differs_with_values_unknowns_actions_and_addresses(other: dict[str, Any]) -> None:
    assert digest_of(CREATED) != digest_of(other)


def test_digest_tells_sensitive_values_apart() -> None:
    def secret(value: str) -> dict[str, Any]:
        return resource(["create"], after={"list": [{"p": value, "q": 1}]}, after_sensitive={"list": [{"p": True}]})

    assert digest_of(secret("one")) == digest_of(secret("one"))
    assert digest_of(secret("one")) != digest_of(secret("two"))


@pytest.mark.parametrize("value", [{}, {"format_version": "1.2"}, {"planned_values": {}}])
def test_read_plan_refuses_what_is_not_a_plan(value: dict[str, Any]) -> None:
    with pytest.raises(DeployError, match="not a Terraform plan"):
        read_plan(value)


def test_read_plan_refuses_an_action_that_it_does_not_know() -> None:
    with pytest.raises(DeployError, match=r"the plan does explode to aws_s3_bucket\.a"):
        read_plan(plan(resource(["explode"])))
