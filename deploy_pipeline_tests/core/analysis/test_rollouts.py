"""The table of the design: how often which verdict comes, over a thousand simulated rollouts of each case."""

import pytest

from benchmarks.rollouts import Case, by_thresholds, shares

RUNS = 1000
LEVELS = (20, 60, 200, 600, 6000)


@pytest.mark.parametrize("per_minute", LEVELS)
@pytest.mark.parametrize("rate", [0.005, 0.001])
def test_a_version_that_is_the_same_is_hardly_ever_rolled_back(per_minute: int, rate: float) -> None:
    assert shares(Case(per_minute, rate, rate), RUNS).get("roll_back", 0.0) <= 0.02


@pytest.mark.parametrize("per_minute", LEVELS)
@pytest.mark.parametrize("stable", [0.005, 0.001])
def test_five_per_cent_of_errors_are_never_promoted(per_minute: int, stable: float) -> None:
    assert "promote" not in shares(Case(per_minute, 0.05, stable), RUNS)


@pytest.mark.parametrize("stable", [0.005, 0.001])
def test_two_per_cent_of_errors_are_found_at_600_a_minute(stable: float) -> None:
    assert shares(Case(600, 0.02, stable), RUNS)["roll_back"] >= 0.99


@pytest.mark.parametrize("per_minute", [200, 600, 6000])
def test_with_enough_traffic_a_healthy_version_is_promoted(per_minute: int) -> None:
    assert shares(Case(per_minute, 0.005, 0.005), RUNS)["promote"] >= 0.95


@pytest.mark.parametrize("per_minute", [600, 6000])
def test_a_slow_version_is_found(per_minute: int) -> None:
    assert shares(Case(per_minute, 0.001, 0.001, slower=1.5), RUNS)["roll_back"] >= 0.99


def test_without_evidence_nothing_is_promoted() -> None:
    found = shares(Case(1, 0.0, 0.0), RUNS)
    assert "promote" not in found
    assert found["hold"] >= 0.98


def test_the_plain_thresholds_roll_back_what_is_the_same() -> None:
    assert shares(Case(60, 0.005, 0.005), RUNS, by_thresholds)["roll_back"] > 0.2
