"""What the tests of the judge share: series of minutes."""

from collections.abc import Sequence
from datetime import UTC, datetime

from deploy_pipeline.core.analysis.measurements import MINUTE, Measured, Minute, Series, Window
from deploy_pipeline.core.analysis.statistics import Count

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)


def window(minutes: int = 15) -> Window:
    return Window(BEGIN, BEGIN + minutes * MINUTE)


def series(counts: Sequence[tuple[int, int]], p99s: Sequence[float | None] = ()) -> Series:
    """(errors, requests) of each minute from `BEGIN` on, and the p99 of each."""
    slow = [*p99s, *[None] * (len(counts) - len(p99s))]
    return Series(
        tuple(Minute(BEGIN + at * MINUTE, Count(*count), slow[at]) for at, count in enumerate(counts) if count[1])
    )


def steady(requests: int, errors: int = 0, *, minutes: int = 15, p99: float | None = 100.0) -> Series:
    """So many requests each minute; all of the errors in the minutes from the first on; nearly the same p99s."""
    counts = [(min(requests, max(0, errors - at * requests)), requests) for at in range(minutes)]
    return series(counts, [None if p99 is None else p99 + at % 3 for at in range(minutes)])


def measured(candidate: Series, stable: Series, minutes: int = 15) -> Measured:
    return Measured(window(minutes), candidate, stable)
