"""What CloudWatch says is read as it is meant, or not at all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from deploy_pipeline.core.analysis.measurements import MINUTE, Minute, NotMeasured, Points, Series, Window, read_series
from deploy_pipeline.core.analysis.statistics import Count
from deploy_pipeline_tests.core.analysis.case import BEGIN, window


def points(metric: str, values: Sequence[float], *, whole: bool = True, begin: datetime = BEGIN) -> Points:
    return Points(metric, [begin + at * MINUTE for at in range(len(values))], values, whole)


def read(requests: Points, errors: Points, p99: Points | None = None) -> Series:
    return read_series(window(), requests, errors, p99 or points("p99", []))


def test_minutes() -> None:
    found = read(points("Invocations", [10, 20]), points("Errors", [0, 2]), points("p99", [31.5]))
    assert found.minutes == (Minute(BEGIN, Count(0, 10), 31.5), Minute(BEGIN + MINUTE, Count(2, 20), None))
    assert (found.count, found.p99s, found.last) == (Count(2, 30), (31.5,), BEGIN + MINUTE)


def test_a_minute_without_its_errors_is_left_out() -> None:
    assert read(points("Invocations", [10, 20]), points("Errors", [0])).count == Count(0, 10)


def test_no_answer_is_no_measurement() -> None:
    found = read(points("Invocations", []), points("Errors", []))
    assert (found.count, found.p99s, found.last) == (Count(0, 0), (), None)


def test_a_part_of_an_answer_is_an_error() -> None:
    with pytest.raises(NotMeasured, match="Invocations: CloudWatch has answered with a part of the data only"):
        read(points("Invocations", [10], whole=False), points("Errors", [0]))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_what_cannot_be_a_number_of_requests_is_an_error(value: float) -> None:
    with pytest.raises(NotMeasured, match=r"Errors: .* at 12:01 is not a measurement"):
        read(points("Invocations", [10, 10]), points("Errors", [0, value]))


def test_duplicates_count_once() -> None:
    twice = Points("Invocations", [BEGIN, BEGIN, BEGIN + timedelta(seconds=30)], [10.0, 10.0, 12.0])
    assert read(twice, points("Errors", [1])).count == Count(1, 12)


@pytest.mark.parametrize("minutes", [-1, 15, 300])
def test_datapoints_of_another_time_are_not_of_this_rollout(minutes: int) -> None:
    elsewhere = BEGIN + minutes * MINUTE
    assert read(points("Invocations", [9], begin=elsewhere), points("Errors", [9], begin=elsewhere)).minutes == ()


def test_errors_that_are_counted_a_moment_earlier_than_their_requests() -> None:
    assert read(points("Invocations", [10]), points("Errors", [11])).count == Count(10, 10)


def test_values_without_their_times_are_an_error() -> None:
    with pytest.raises(NotMeasured, match="1 times for 2 values"):
        read(Points("Invocations", [BEGIN], [1.0, 2.0]), points("Errors", [0]))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (BEGIN.replace(tzinfo=None), BEGIN),
        (BEGIN, BEGIN + timedelta(seconds=90)),
        (BEGIN, BEGIN - MINUTE),
        (datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC), BEGIN),
    ],
)
def test_a_window_has_whole_minutes(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="a window"):
        Window(start, end)


@pytest.mark.parametrize(("errors", "requests"), [(-1, 5), (6, 5), (1, 0)])
def test_no_traffic_gives_such_a_count(errors: int, requests: int) -> None:
    with pytest.raises(ValueError, match="errors in"):
        Count(errors, requests)
