"""What is done next while a candidate bakes."""

import pytest

from deploy_pipeline.core.analysis.bake import BakePlan, Step, due, next_step
from deploy_pipeline.core.analysis.measurements import Measured, Series
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline_tests.core.analysis.case import measured, steady

PLAN, POLICY = BakePlan(), AnalysisPolicy()
NO_TRAFFIC = Series()


def after(minutes: int, data: Measured, others: int = 0) -> Step:
    """The next step for one function, and for others beside it that are healthy."""
    healthy = measured(steady(40, minutes=minutes), steady(360, minutes=minutes), minutes=minutes)
    return next_step(PLAN, POLICY, minutes, {"score": data, **{f"other {one}": healthy for one in range(others)}})


@pytest.mark.parametrize("others", [1, 4])
def test_one_of_them_decides_for_all(others: int) -> None:
    assert after(15, measured(steady(40), steady(360)), others).action == "promote"
    bad = after(15, measured(steady(40, 20), steady(360)), others)
    assert (bad.action, bad.reason[:7]) == ("roll_back", "score: ")
    assert "other" not in bad.reason
    silent = after(15, measured(NO_TRAFFIC, NO_TRAFFIC), others)
    assert (silent.action, "other" in silent.reason) == ("wait", False)


def test_nothing_is_decided_before_the_end() -> None:
    step = after(14, measured(steady(400, 60, minutes=14), steady(3600), minutes=14))
    assert (step.action, step.verdicts, step.reason) == ("wait", {}, "14 of 15 min")


def test_healthy_is_promoted_and_unhealthy_rolled_back() -> None:
    assert after(15, measured(steady(40), steady(360))).action == "promote"
    assert after(15, measured(steady(40, 20), steady(360))).action == "roll_back"


def test_clearly_bad_ends_it_before() -> None:
    step = after(1, measured(steady(40, 10, minutes=1), steady(360, minutes=1), minutes=1))
    assert step.action == "roll_back"
    assert step.reason == "score: above 5 %: 25 % (10 of 40), stable 0 % (0 of 360)"


@pytest.mark.parametrize("then", ["hold", "roll_back"])
def test_inconclusive_extends_the_bake_up_to_its_cap(then: str) -> None:
    plan = BakePlan(when_inconclusive=then)  # type: ignore[arg-type]
    extended = next_step(plan, POLICY, 15, {"score": measured(NO_TRAFFIC, NO_TRAFFIC)})
    assert extended.action == "wait"
    assert extended.reason.startswith("extended beyond 15 min, up to 60: score: error_rate: no request")
    ended = next_step(plan, POLICY, 60, {"score": measured(NO_TRAFFIC, NO_TRAFFIC, minutes=60)})
    assert ended.action == then
    assert ended.verdicts["score"].outcome == "inconclusive"


def test_between_the_limits_it_is_never_promoted() -> None:
    for minutes in (15, 30, 45, 60):
        data = measured(steady(40, 18, minutes=minutes), steady(360, minutes=minutes), minutes=minutes)
        assert after(minutes, data).action == "roll_back"


def test_verdicts_are_due_at_the_ends_alone() -> None:
    plan = BakePlan(minutes=15, at_most=40)
    assert [minute for minute in range(45) if due(plan, minute)] == [15, 30, 40, 41, 42, 43, 44]
