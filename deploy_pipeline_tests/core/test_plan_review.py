"""Whether a plan is the reviewed one: tables of pairs of plans, and what a person is asked."""

from dataclasses import replace
from typing import Any

import pytest

from deploy_pipeline.core.plan_review import (
    MOST_LINES,
    REPLANNED,
    SAME_RESOURCES,
    UNPLANNED,
    PlanOutline,
    PlanPair,
    Question,
    differences,
    lines_of,
    plan_id,
    question_of,
    why_of,
)
from deploy_pipeline.core.terraform_plan import ResourceChange

ADD = ResourceChange("aws_s3_bucket.logs", "aws_s3_bucket", "add", ("create",))
CHANGE = ResourceChange("aws_lambda_function.f", "aws_lambda_function", "change", ("update",), ("memory_size",))
LOST = ResourceChange("aws_db_instance.main", "aws_db_instance", "replace", ("delete", "create"), ("engine",))
SHOWN, OTHER, NEW = PlanOutline("d1", (ADD,)), PlanOutline("d2", (ADD, CHANGE)), PlanOutline("d3", (ADD, CHANGE))
NOTHING = PlanOutline("d0")
LOSES = PlanOutline("d4", (ADD, LOST))
PROTECTED = ("aws_db_instance",)


def pair(planned: PlanOutline, with_live: PlanOutline, reviewed: PlanOutline | None) -> PlanPair:
    return PlanPair("main", planned, with_live, reviewed)


@pytest.mark.parametrize(("given", "unplanned", "replanned", "why", "lines"), [
    (pair(SHOWN, SHOWN, SHOWN), "hold", "hold", None, ()),
    (pair(NEW, SHOWN, SHOWN), "hold", "hold", None, ()),
    (pair(OTHER, OTHER, SHOWN), "deploy", "hold", REPLANNED, ("change aws_lambda_function.f: was not shown",)),
    (pair(OTHER, OTHER, SHOWN), "hold", "deploy", None, ()),
    (pair(SHOWN, SHOWN, OTHER), "deploy", "hold", REPLANNED,
     ("change aws_lambda_function.f: was shown, and is not planned",)),
    (pair(LOSES, SHOWN, SHOWN), "deploy", "hold", REPLANNED,
     ("replace aws_db_instance.main, which has data in it: only with the new images or packages",)),
    (pair(LOSES, LOSES, LOSES), "hold", "hold", None, ()),
    (pair(replace(LOSES, digest="d5"), LOSES, LOSES), "hold", "hold", None, ()),
    (pair(NEW, NOTHING, None), "hold", "hold", None, ()),
    (pair(LOSES, NOTHING, None), "hold", "hold", UNPLANNED,
     ("add aws_s3_bucket.logs", "replace aws_db_instance.main")),
    (pair(OTHER, OTHER, None), "hold", "deploy", UNPLANNED,
     ("add aws_s3_bucket.logs", "change aws_lambda_function.f")),
    (pair(LOSES, LOSES, None), "deploy", "hold", None, ()),
])  # fmt: skip
def test_question_of(given: PlanPair, unplanned: Any, replanned: Any, why: str | None, lines: tuple[str, ...]) -> None:
    found = question_of(given, PROTECTED, unplanned, replanned)
    assert ((found.why, found.lines) if found else (None, ())) == (why, lines)


@pytest.mark.parametrize(("was", "now", "lines"), [
    ((ADD,), (ADD,), (SAME_RESOURCES,)),
    ((LOST,), (replace(LOST, kind="change"),), ("change aws_db_instance.main: was shown as replace",)),
    ((CHANGE,), (replace(CHANGE, attributes=("memory_size", "timeout")),),
     ("change aws_lambda_function.f: also differs in timeout",)),
    ((), (LOST, replace(LOST, kind="destroy")), ("replace and destroy aws_db_instance.main: was not shown",)),
])  # fmt: skip
def test_differences(was: tuple[ResourceChange, ...], now: tuple[ResourceChange, ...], lines: tuple[str, ...]) -> None:
    assert differences(was, now) == lines


def asked(planned: PlanOutline, with_live: PlanOutline) -> Question:
    found = question_of(pair(planned, with_live, SHOWN), PROTECTED, "deploy", "hold")
    assert found is not None
    return found


def test_plan_id_names_just_these_plans() -> None:
    one = plan_id("1" * 40, [asked(NEW, OTHER)])
    assert one.startswith(f"plan-{'1' * 12}-")
    # Built again, with another digest of an image in it: the same question.
    assert plan_id("1" * 40, [asked(replace(NEW, digest="d9"), OTHER)]) == one
    others = [
        plan_id("2" * 40, [asked(NEW, OTHER)]),
        plan_id("1" * 40, [asked(NEW, replace(OTHER, digest="d9"))]),
        plan_id("1" * 40, [asked(LOSES, OTHER)]),
        plan_id("1" * 40, [asked(replace(NEW, changes=(ADD, replace(CHANGE, attributes=("role",)))), OTHER)]),
        plan_id("1" * 40, [asked(NEW, OTHER), replace(asked(NEW, OTHER), stack="second")]),
        plan_id("1" * 40, [replace(asked(NEW, OTHER), stack="second")]),
    ]
    assert len({one, *others}) == len(others) + 1


def test_what_people_read_is_plain_and_not_too_long() -> None:
    long = replace(asked(NEW, OTHER), lines=tuple(f"add a.b[{each}]\n\x1b[31m" for each in range(MOST_LINES + 5)))
    lines = lines_of([long])
    assert (len(lines), lines[0], lines[-1]) == (MOST_LINES + 1, "main: add a.b[0] [31m", "and 5 more")
    assert why_of([long]) == f"stack main: {REPLANNED}"
