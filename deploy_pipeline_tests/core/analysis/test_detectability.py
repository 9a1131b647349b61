"""What a bake says that it can find out is what it finds out."""

import pytest

from benchmarks.rollouts import WEIGHT, Case, shares
from deploy_pipeline.core.analysis.detectability import POWER, Traffic, detectable, fewest_errors, says
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.analysis.statistics import Count, more_errors

POLICY = AnalysisPolicy()


def test_more_traffic_finds_less() -> None:
    found = [detectable(Traffic(rate, 0.1), 15, 0.001, POLICY) for rate in (4, 20, 60, 200, 600, 6000)]
    numbers = [each for each in found if each is not None]
    assert len(numbers) == len(found)
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] < 0.02


@pytest.mark.parametrize("per_minute", [200, 600, 6000])
def test_what_is_detectable_is_found(per_minute: int) -> None:
    rate = detectable(Traffic(per_minute, WEIGHT), 15, 0.001, POLICY)
    assert rate is not None
    assert shares(Case(per_minute, rate, 0.001), 1000)["roll_back"] >= POWER


def test_no_traffic_finds_nothing() -> None:
    assert detectable(Traffic(0, 0.1), 15, 0.0, POLICY) is None
    assert says(Traffic(0, 0.1), 15, 0.0, POLICY).endswith(
        "detects no error rate at all; 300 requests, the least to promote, take for ever"
    )


def test_the_fewest_errors_are_the_fewest() -> None:
    stable = Count(5, 2700)
    fewest = fewest_errors(300, stable, POLICY)
    assert fewest is not None
    assert more_errors(Count(fewest, 300), stable) < POLICY.significance
    assert fewest == 3 or more_errors(Count(fewest - 1, 300), stable) >= POLICY.significance


def test_one_line_for_the_operator() -> None:
    said = says(Traffic(200, 0.1), 15, 0.001, POLICY)
    assert said == (
        "at 200 requests/min, 10 % of them to the candidate, a 15 min bake detects an error rate of ≥ 2.6 %; "
        "300 requests, the least to promote, take 15 min"
    )


@pytest.mark.parametrize("stable_rate", [0.0, 0.5, 1.0])
def test_a_stable_version_that_fails_itself_hides_errors(stable_rate: float) -> None:
    found = detectable(Traffic(600, 0.1), 15, stable_rate, POLICY)
    assert found is None if stable_rate == 1.0 else found is not None and found > stable_rate
