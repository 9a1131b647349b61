"""What was measured of a rollout, minute by minute, and how CloudWatch's answers are read into it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from deploy_pipeline.core.analysis.statistics import Count

MINUTE = timedelta(minutes=1)


def whole_minute(at: datetime) -> datetime:
    """The minute in which `at` is."""
    return at.replace(second=0, microsecond=0)


class NotMeasured(Exception):
    """A metric could not be read, or what was read cannot be true. The message says which and why."""


@dataclass(frozen=True)
class Window:
    """From `start` to before `end`: aware UTC times, whole minutes. Raises ValueError for anything else."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if any(at.utcoffset() is None or at.second or at.microsecond for at in (self.start, self.end)):
            raise ValueError("a window begins and ends at whole minutes, in a time zone")
        if self.end < self.start:
            raise ValueError("a window ends before it begins")

    def holds(self, at: datetime) -> bool:
        """Whether a datapoint of that minute belongs to it: another clock's future, or past, does not."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Points:
    """One metric of one version as it was read: `values` at `times`, and whether the answer had all of them."""

    metric: str
    times: Sequence[datetime]
    values: Sequence[float]
    whole: bool = True


@dataclass(frozen=True)
class Minute:
    """One minute of one version. `p99` is in milliseconds; None where it was not measured."""

    at: datetime
    count: Count
    p99: float | None = None


@dataclass(frozen=True)
class Series:
    """The minutes of one version that were measured, the earliest first."""

    minutes: tuple[Minute, ...] = ()

    @cached_property
    def count(self) -> Count:
        """All its errors and requests."""
        return Count(sum(each.count.errors for each in self.minutes), sum(each.count.requests for each in self.minutes))

    @cached_property
    def p99s(self) -> tuple[float, ...]:
        """The 99th percentile of each minute that has one, in milliseconds."""
        return tuple(each.p99 for each in self.minutes if each.p99 is not None)

    @cached_property
    def last(self) -> datetime | None:
        """The last minute in which there was a request."""
        return max((each.at for each in self.minutes if each.count.requests), default=None)


@dataclass(frozen=True)
class Measured:
    """The candidate and the stable version beside it, over the same window."""

    window: Window
    candidate: Series
    stable: Series


def read_series(window: Window, requests: Points, errors: Points, p99: Points) -> Series:
    """The minutes of one version. Raises NotMeasured for an answer that is not whole, or is no number of requests.

    A minute whose requests are known and whose errors are not is left out: it may have had any number of them.
    """
    counts, failed, slow = (by_minute(window, points) for points in (requests, errors, p99))
    minutes = [Minute(at, count_of(at, counts[at], failed[at]), slow.get(at)) for at in sorted(counts) if at in failed]
    return Series(tuple(minutes))


def by_minute(window: Window, points: Points) -> Mapping[datetime, float]:
    """The values in the window by their minute. Of two for one minute the larger: sums grow as late data arrives."""
    if not points.whole:
        raise NotMeasured(f"{points.metric}: CloudWatch has answered with a part of the data only")
    if len(points.times) != len(points.values):
        raise NotMeasured(f"{points.metric}: {len(points.times)} times for {len(points.values)} values")
    found: dict[datetime, float] = {}
    for at, value in zip(points.times, points.values, strict=True):
        if not math.isfinite(value) or value < 0:
            raise NotMeasured(f"{points.metric}: {value} at {at:%H:%M} is not a measurement")
        minute = whole_minute(at)
        if window.holds(minute):
            found[minute] = max(value, found.get(minute, 0.0))
    return found


def count_of(at: datetime, requests: float, errors: float) -> Count:
    """A minute's count. More errors than requests in one minute happen where they are counted a moment apart."""
    return Count(min(round(errors), round(requests)), round(requests))
