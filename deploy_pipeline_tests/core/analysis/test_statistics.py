"""The tests of the judge against values that are known, and against scipy's own Fisher test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from deploy_pipeline.core.analysis.statistics import Count, Interval, above, interval, larger, more_errors

COUNTS = st.integers(1, 2000).flatmap(lambda n: st.builds(Count, st.integers(0, n), st.just(n)))


@given(COUNTS, COUNTS)
def test_more_errors_is_fishers_one_sided_test(candidate: Count, stable: Count) -> None:
    table = [[each.errors, each.requests - each.errors] for each in (candidate, stable)]
    assert more_errors(candidate, stable) == pytest.approx(fisher_exact(table, alternative="greater").pvalue, rel=1e-6)


def test_nothing_can_be_said_without_requests() -> None:
    nothing, some = Count(0, 0), Count(5, 10)
    assert more_errors(nothing, some) == more_errors(some, nothing) == 1.0
    assert above(nothing, 0.01) == 1.0
    assert interval(nothing) == Interval(0.0, 1.0)
    assert larger([], [1.0]) == larger([1.0], []) == 1.0


def test_above_is_the_exact_binomial_test() -> None:
    assert above(Count(1, 10), 0.1) == pytest.approx(1 - 0.9**10)
    assert above(Count(0, 10), 0.1) == 1.0


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(Count(0, 300), 0.0, 0.01222), (Count(3, 300), 0.00207, 0.02894), (Count(10, 10), 0.6915, 1.0)],
)
def test_interval_is_clopper_pearsons(count: Count, low: float, high: float) -> None:
    found = interval(count)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_larger_is_the_one_sided_rank_test() -> None:
    assert larger([4.0, 5.0, 6.0], [1.0, 2.0, 3.0]) == pytest.approx(1 / 20)
    assert larger([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]) == pytest.approx(1.0)
