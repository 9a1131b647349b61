"""The cost check after a plan check that made no plan."""

from pathlib import Path

import pytest

from deploy_pipeline.checks.cost_of_plan import cost_of
from deploy_pipeline.core.checks.assessment import Assessment, CheckResult, State
from deploy_pipeline_tests.checks.benches import a_bench, a_subject
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("failed", Assessment("not_audited", "there is no plan: the terraform-plan check failed")),
        ("broken", Assessment("not_audited", "there is no plan: the terraform-plan check could not run")),
        ("not_audited", Assessment("not_audited", "there is no plan: the terraform-plan check was not audited")),
        ("passed", Assessment("not_audited", "there is no plan: the terraform-plan check made none")),
        ("waiting", Assessment("waiting", "its own long summary")),
        ("skipped", Assessment("skipped", "its own long summary")),
    ],
)
def test_without_plans(state: State, expected: Assessment) -> None:
    plan = CheckResult("terraform_plan", state, "its own long summary", required=True)
    assert cost_of(plan, dict)(a_subject(Path("/tree")), a_bench(FakeIsolation())) == expected
