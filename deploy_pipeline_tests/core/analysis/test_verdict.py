"""The judge, and the mistakes of other judges."""

from dataclasses import replace

import pytest

from deploy_pipeline.core.analysis.measurements import Series
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.analysis.verdict import Finding, Verdict, abort, judge, unreadable, verdict_of
from deploy_pipeline_tests.core.analysis.case import measured, series, steady

POLICY = AnalysisPolicy()
NOTHING = Series()


def of(verdict: Verdict, metric: str) -> Finding:
    (found,) = [each for each in verdict.findings if each.metric == metric]
    return found


def test_the_same_as_the_stable_version_is_healthy() -> None:
    verdict = judge(measured(steady(40, 2), steady(360, 18)), POLICY)
    assert verdict.outcome == "healthy"
    assert of(verdict, "error_rate").reason == "0.333 % (2 of 600), stable 0.333 % (18 of 5400)"
    assert of(verdict, "latency").reason == "p99 101 ms, stable 101 ms"


@pytest.mark.parametrize(
    ("errors", "stable_errors", "outcome", "reason"),
    [
        (12, 18, "unhealthy", "more errors than the stable version"),  # 2 % beside 0.33 %
        (14, 108, "unhealthy", "above 1 %"),  # both are above the limit: going on is wrong all the same
        (6, 54, "inconclusive", "at or above 1 %, which may be chance"),
        (7, 38, "inconclusive", "at or above 1 %, which may be chance"),
        (5, 0, "unhealthy", "more errors than the stable version"),  # 0.83 %: below the limit, beside none at all
        (5, 27, "healthy", "0.833 % (5 of 600)"),
    ],
)
def test_error_rates(errors: int, stable_errors: int, outcome: str, reason: str) -> None:
    found = of(judge(measured(steady(40, errors), steady(360, stable_errors)), POLICY), "error_rate")
    assert found.outcome == outcome, found.reason
    assert reason in found.reason


def test_a_certain_difference_that_is_not_worth_a_rollback_is_healthy() -> None:
    found = of(judge(measured(steady(10_000, 300), steady(90_000, 1_350)), POLICY), "error_rate")
    assert found.outcome == "healthy", found.reason  # 0.2 % beside 0.1 %


@pytest.mark.parametrize(
    ("p99", "outcome"), [(100.0, "healthy"), (119.0, "healthy"), (130.0, "unhealthy"), (1000.0, "unhealthy")]
)
def test_latency(p99: float, outcome: str) -> None:
    found = of(judge(measured(steady(40, p99=p99), steady(360)), POLICY), "latency")
    assert found.outcome == outcome, found.reason


def test_slower_by_chance_is_inconclusive() -> None:
    noisy = series([(0, 40)] * 15, [130.0, 90.0, 400.0] * 5)
    others = series([(0, 360)] * 15, [100.0, 90.0, 400.0] * 5)
    found = of(judge(measured(noisy, others), POLICY), "latency")
    assert (found.outcome, "may be chance" in found.reason) == ("inconclusive", True), found.reason


@pytest.mark.parametrize("requests", [0, 1, 19])
def test_too_few_requests_are_never_healthy(requests: int) -> None:
    verdict = judge(measured(steady(requests), steady(180)), POLICY)
    assert verdict.outcome == "inconclusive"
    assert {each.outcome for each in verdict.findings} == {"inconclusive"}


def test_few_requests_are_enough_to_be_unhealthy() -> None:
    assert judge(measured(steady(4, 10), steady(36)), POLICY).outcome == "unhealthy"


# Mistakes of other judges ------------------------------------------------------------------------------------------


def test_all_measurements_missing() -> None:
    verdict = judge(measured(NOTHING, NOTHING), POLICY)
    assert verdict.outcome == "inconclusive"
    assert "no request has reached the candidate" in verdict.reason


def test_all_metrics_in_error() -> None:
    found = [unreadable("error_rate", "throttled", POLICY), unreadable("latency", "throttled", POLICY)]
    assert verdict_of(found) == Verdict("error", "error_rate: throttled; latency: throttled", tuple(found))


def test_ended_before_the_first_measurement() -> None:
    assert judge(measured(NOTHING, NOTHING, minutes=0), POLICY).outcome == "inconclusive"


def test_no_finding_at_all_is_not_healthy() -> None:
    assert verdict_of([]).outcome == "inconclusive"


def test_nothing_that_decides_is_not_healthy() -> None:
    policy = replace(POLICY, observe=frozenset({"error_rate", "latency"}))
    verdict = judge(measured(steady(400), steady(3600)), policy)
    assert (verdict.outcome, verdict.reason) == ("inconclusive", "no metric decides")


def test_a_stable_version_without_errors_beside_a_candidate_with_a_few() -> None:
    assert judge(measured(steady(40, 5), steady(360, 0)), POLICY).outcome == "unhealthy"


def test_a_candidate_alone_has_nothing_to_be_compared_with() -> None:
    verdict = judge(measured(steady(40), NOTHING), POLICY)
    assert verdict.outcome == "inconclusive"
    assert "nothing to compare with" in verdict.reason


def test_one_noisy_minute_does_not_end_a_rollout() -> None:
    noisy = series([(0, 40)] * 7 + [(2, 40)] + [(0, 40)] * 7, [100.0] * 7 + [900.0] + [100.0] * 7)
    data = measured(noisy, steady(360, 18))
    assert abort(data, POLICY) is None
    assert judge(data, POLICY).outcome == "healthy"


def test_a_metric_that_stops_half_way() -> None:
    verdict = judge(measured(steady(100, minutes=8), steady(360)), POLICY)
    assert verdict.outcome == "inconclusive"
    assert "nothing measured of the candidate since 12:07" in verdict.reason


def test_a_metric_that_is_two_minutes_late_has_not_stopped() -> None:
    assert judge(measured(steady(40, minutes=13), steady(360, minutes=13)), POLICY).outcome == "healthy"


def test_unhealthy_dominates_what_cannot_be_said() -> None:
    verdict = judge(measured(steady(40, 60, p99=None), steady(360)), POLICY)
    assert {each.outcome for each in verdict.findings} == {"unhealthy", "inconclusive"}
    assert verdict.outcome == "unhealthy"


def test_an_observed_metric_is_shown_and_does_not_decide() -> None:
    policy = replace(POLICY, observe=frozenset({"latency"}))
    verdict = judge(measured(steady(40, p99=900.0), steady(360)), policy)
    assert verdict.outcome == "healthy"
    assert (of(verdict, "latency").outcome, of(verdict, "latency").deciding) == ("unhealthy", False)


# At once -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "requests", "aborts"),
    [
        (1, 1, False),
        (1, 5, False),
        (2, 10, False),
        (3, 20, False),
        (4, 20, True),
        (3, 61, False),
        (10, 100, True),
        (5, 100, False),
    ],
)
def test_more_than_five_per_cent_end_it_at_once_when_enough_was_seen(errors: int, requests: int, aborts: bool) -> None:
    data = measured(steady(requests, errors, minutes=1), steady(9 * requests, minutes=1), minutes=1)
    assert (abort(data, POLICY) is not None) == aborts


def test_an_observed_error_rate_ends_nothing() -> None:
    data = measured(steady(100, 50, minutes=1), steady(900, minutes=1), minutes=1)
    assert abort(data, replace(POLICY, observe=frozenset({"error_rate"}))) is None


def test_a_hotfix_is_judged_against_the_stable_version_alone() -> None:
    policy = replace(POLICY, relative=True)
    ill, cured = steady(360, 1080), steady(40, 24)
    assert judge(measured(cured, ill), policy).outcome == "healthy"  # 4 % beside 20 %
    assert judge(measured(cured, ill), POLICY).outcome == "unhealthy"
    assert judge(measured(steady(40, 240), ill), policy).outcome == "unhealthy"  # 40 %
    assert abort(measured(steady(40, 120), ill), policy) is None  # as ill as before
    assert abort(measured(steady(40, 240), ill), policy) is not None
