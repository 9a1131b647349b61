"""The tests that a verdict rests on, over `scipy.stats`. Loaded where they are used: importing scipy takes a second."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """`errors` of `requests`. Raises ValueError where no traffic can have given these numbers."""

    errors: int
    requests: int

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.requests:
            raise ValueError(f"{self.errors} errors in {self.requests} requests")

    @property
    def rate(self) -> float:
        """Errors per request, 0 to 1; 0 without requests."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True)
class Interval:
    """A confidence interval of a rate, 0 to 1."""

    low: float
    high: float


def more_errors(candidate: Count, stable: Count) -> float:
    """One-sided Fisher exact test: how likely at least so many of all errors are the candidate's, were both the same.

    0 to 1; 1 when one of them has no requests, for then nothing can be said.
    """
    from scipy.stats import hypergeom  # noqa: PLC0415

    requests, errors = candidate.requests + stable.requests, candidate.errors + stable.errors
    if not candidate.requests or not stable.requests:
        return 1.0
    return float(hypergeom.sf(candidate.errors - 1, requests, errors, candidate.requests))


def above(count: Count, rate: float) -> float:
    """One-sided exact binomial test: how likely at least so many errors are when the true rate is `rate`. 0 to 1."""
    from scipy.stats import binom  # noqa: PLC0415

    return float(binom.sf(count.errors - 1, count.requests, rate))


def interval(count: Count, confidence: float = 0.95) -> Interval:
    """The exact (Clopper-Pearson) confidence interval of an error rate; 0 to 1 without requests."""
    from scipy.stats import beta  # noqa: PLC0415

    if not count.requests:
        return Interval(0.0, 1.0)
    tail, well = (1 - confidence) / 2, count.requests - count.errors
    low = float(beta.ppf(tail, count.errors, well + 1)) if count.errors else 0.0
    high = float(beta.ppf(1 - tail, count.errors + 1, well)) if well else 1.0
    return Interval(low, high)


def larger(candidate: Sequence[float], stable: Sequence[float]) -> float:
    """One-sided Mann-Whitney test: how likely the candidate's values are that much larger, were both the same.

    0 to 1; 1 when one of them is empty.
    """
    from scipy.stats import mannwhitneyu  # noqa: PLC0415

    if not candidate or not stable:
        return 1.0
    return float(mannwhitneyu(candidate, stable, alternative="greater").pvalue)
