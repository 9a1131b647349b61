"""Simulated rollouts: independent requests to a candidate and to the stable version, judged minute by minute."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.random import Generator
from scipy.special import ndtri

from deploy_pipeline.core.analysis.bake import Action, BakePlan, due, next_step
from deploy_pipeline.core.analysis.measurements import MINUTE, Measured, Minute, Series, Window
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.analysis.statistics import Count

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WEIGHT = 0.1
MEDIAN_MS, SPREAD = 50.0, 0.5
"""Latencies are lognormal: the median, and the standard deviation of the logarithm."""
PLAN, POLICY = BakePlan(), AnalysisPolicy()
Rule = Callable[["Rollout"], Action]
Whole = np.ndarray[tuple[int], np.dtype[np.int64]]
Real = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Case:
    """Requests per minute to both versions, and true values of both: error rates (0 to 1), and how much slower."""

    per_minute: int
    candidate: float
    stable: float
    slower: float = 1.0


@dataclass(frozen=True)
class Rollout:
    """One simulated rollout, minute by minute, for as long as a bake can take at most."""

    candidate: Series
    stable: Series

    def after(self, minutes: int) -> Measured:
        """What was measured after so many minutes."""
        window = Window(BEGIN, BEGIN + minutes * MINUTE)
        return Measured(window, until(self.candidate, window), until(self.stable, window))


def until(series: Series, window: Window) -> Series:
    """The minutes in a window."""
    return Series(tuple(each for each in series.minutes if window.holds(each.at)))


def simulated(case: Case, random: Generator) -> Rollout:
    """One rollout of a case."""
    candidate = version(case.per_minute * WEIGHT, case.candidate, case.slower, random)
    return Rollout(candidate, version(case.per_minute * (1 - WEIGHT), case.stable, 1.0, random))


def version(per_minute: float, error_rate: float, slower: float, random: Generator) -> Series:
    """The minutes of one version; minutes without a request have no datapoint, as in CloudWatch."""
    requests = random.poisson(per_minute, PLAN.at_most)
    errors = random.binomial(requests, error_rate)
    p99s = slower * percentile(np.maximum(requests, 1), random)
    return Series(
        tuple(
            Minute(BEGIN + number * MINUTE, Count(int(errors[number]), int(requests[number])), float(p99s[number]))
            for number in range(PLAN.at_most)
            if requests[number]
        )
    )


def percentile(requests: Whole, random: Generator) -> Real:
    """The 99th percentile of so many latencies each, in ms: the order statistic, drawn from its own distribution."""
    rank = np.ceil(0.99 * requests)
    found: Real = MEDIAN_MS * np.exp(SPREAD * ndtri(random.beta(rank, requests - rank + 1)))
    return found


def judged(rollout: Rollout) -> Action:
    """What our judge does in the end."""
    for minute in range(1, PLAN.at_most + 1):
        if not due(PLAN, minute) and not suspicious(rollout, minute):
            continue
        step = next_step(PLAN, POLICY, minute, {"candidate": rollout.after(minute)})
        if step.action != "wait":
            return step.action
    raise AssertionError("a bake has to end")


def suspicious(rollout: Rollout, minute: int) -> bool:
    """Whether a look before the end could end the bake at all: only to save the time of the others."""
    seen = [each.count for each in rollout.candidate.minutes if each.at < BEGIN + minute * MINUTE]
    return sum(count.errors for count in seen) > POLICY.abort_error_rate * sum(count.requests for count in seen)


def by_thresholds(rollout: Rollout) -> Action:
    """The plain rule: after 15 min, fewer than 1 % of errors, and a p99 of less than the stable one's plus 20 %."""
    measured = rollout.after(PLAN.minutes)
    candidate, stable = measured.candidate, measured.stable
    slow = np.median(candidate.p99s or (0.0,)) > (1 + POLICY.latency_increase) * np.median(stable.p99s or (0.0,))
    return "roll_back" if candidate.count.rate >= POLICY.error_rate or slow else "promote"


def shares(case: Case, runs: int, rule: Rule = judged, seed: int = 1) -> dict[Action, float]:
    """Action -> the share of the runs (0 to 1) that ended with it."""
    random = np.random.default_rng(seed)
    found = Counter(rule(simulated(case, random)) for _ in range(runs))
    return {action: count / runs for action, count in found.items()}
