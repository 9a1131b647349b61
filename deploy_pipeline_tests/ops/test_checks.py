"""What the op of the cost reads of the plan's."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy_pipeline.core.checks.assessment import CheckResult
from deploy_pipeline.core.checks.reported import Reported
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.ops.checks import kept_plans
from deploy_pipeline_tests.checks.benches import a_subject
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore

KEYS = ("validation/1/terraform_plan/plan-main.json", "validation/1/terraform_plan/other.txt")
PLAN = Reported(CheckResult("terraform_plan", "passed", "nothing changes", True, reports=KEYS), told=True)
OBJECTS = {("artifacts", KEYS[0]): b"{}", ("artifacts", KEYS[1]): b"x"}


def test_kept_plans_by_stack() -> None:
    assert kept_plans(FakeObjectStore(OBJECTS), a_subject(Path("/nowhere")), PLAN) == {"main": b"{}"}


@pytest.mark.parametrize(
    ("objects", "plan", "message"),
    [
        (OBJECTS, replace(PLAN, lost=("plan-b.json",)), "plan-b.json could not be kept"),
        ({}, PLAN, f"{KEYS[0]}, {KEYS[1]} could not be kept"),
    ],
)
def test_kept_plans_with_one_missing_are_no_basis_for_a_cost(
    objects: dict[tuple[str, str], bytes], plan: Reported, message: str
) -> None:
    with pytest.raises(DeployError, match=message):
        kept_plans(FakeObjectStore(objects), a_subject(Path("/nowhere")), plan)
