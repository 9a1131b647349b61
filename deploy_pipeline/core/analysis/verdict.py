"""Measurements in, verdict out: whether a candidate may take all of the traffic. No data is never healthy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Final, Literal

from deploy_pipeline.core.analysis.measurements import Measured
from deploy_pipeline.core.analysis.policy import AnalysisPolicy, Metric
from deploy_pipeline.core.analysis.statistics import Count, above, larger, more_errors

Outcome = Literal["healthy", "unhealthy", "inconclusive", "error"]

WORST_FIRST: Final[tuple[Outcome, ...]] = ("unhealthy", "error", "inconclusive", "healthy")
SILENT: Final = timedelta(minutes=5)
"""Longer than CloudWatch is late: a candidate without any request for so long is not measured any more."""
MATERIAL: Final = 0.25
"""A difference below this part of the limit is not worth a rollback, however certain it is."""
AT_ONCE: Final = 0.1
"""The part of the significance that a look before the end of the bake may use: there are many such looks."""


@dataclass(frozen=True)
class Finding:
    """What one metric says, and why; the reason has the numbers of both versions."""

    metric: Metric
    outcome: Outcome
    reason: str
    deciding: bool = True


@dataclass(frozen=True)
class Verdict:
    """What all findings say together."""

    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...] = ()


def judge(measured: Measured, policy: AnalysisPolicy) -> Verdict:
    """The verdict at the end of a bake."""
    found = (
        finding(policy, "error_rate", *judge_errors(measured, policy)),
        finding(policy, "latency", *judge_latency(measured, policy)),
    )
    return verdict_of(found)


def abort(measured: Measured, policy: AnalysisPolicy) -> Finding | None:
    """Why the rollout should end before its bake does; None when nothing says so yet."""
    candidate, stable = measured.candidate.count, measured.stable.count
    if "error_rate" in policy.observe or candidate.rate <= policy.abort_error_rate:
        return None
    chance = more_errors(candidate, stable) if policy.relative else above(candidate, policy.error_rate)
    if chance >= policy.significance * AT_ONCE:
        return None
    return Finding("error_rate", "unhealthy", f"above {percent(policy.abort_error_rate)}: {both(candidate, stable)}")


def unreadable(metric: Metric, reason: str, policy: AnalysisPolicy) -> Finding:
    """The finding of a metric that could not be read."""
    return finding(policy, metric, "error", reason)


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """The worst of the findings that decide; without any of them, inconclusive."""
    deciding = [each for each in findings if each.deciding]
    outcome = worst(each.outcome for each in deciding)
    reasons = [f"{each.metric}: {each.reason}" for each in deciding if each.outcome == outcome]
    return Verdict(outcome, "; ".join(reasons) or "no metric decides", tuple(findings))


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The one that decides; without any, inconclusive."""
    found = set(outcomes)
    return next((each for each in WORST_FIRST if each in found), "inconclusive")


def finding(policy: AnalysisPolicy, metric: Metric, outcome: Outcome, reason: str) -> Finding:
    """A finding, which does not decide where the policy only observes its metric."""
    return Finding(metric, outcome, reason, metric not in policy.observe)


def judge_errors(measured: Measured, policy: AnalysisPolicy) -> tuple[Outcome, str]:
    """The error rate: below the limit, and not worse than the stable version's."""
    candidate, stable = measured.candidate.count, measured.stable.count
    numbers = both(candidate, stable)
    if why := worse(candidate, stable, policy):
        return "unhealthy", f"{why}: {numbers}"
    if missing := too_little(measured, policy):
        return "inconclusive", f"{missing}: {numbers}"
    if candidate.rate >= policy.error_rate and not policy.relative:
        return "inconclusive", f"at or above {percent(policy.error_rate)}, which may be chance: {numbers}"
    return "healthy", numbers


def worse(candidate: Count, stable: Count, policy: AnalysisPolicy) -> str:
    """Why the candidate's error rate is too high beyond chance; empty when it is not."""
    over = candidate.rate >= policy.error_rate and not policy.relative
    if over and above(candidate, policy.error_rate) < policy.significance:
        return f"above {percent(policy.error_rate)}"
    if candidate.rate - stable.rate < MATERIAL * policy.error_rate:
        return ""
    chance = more_errors(candidate, stable)
    return f"more errors than the stable version (by chance: {percent(chance)})" if chance < policy.significance else ""


def too_little(measured: Measured, policy: AnalysisPolicy) -> str:
    """Why there is not enough to call anything healthy; empty when there is."""
    requests, last = measured.candidate.count.requests, measured.candidate.last
    if not requests or last is None:
        return "no request has reached the candidate"
    if requests < policy.minimum_requests:
        return f"{requests} of the {policy.minimum_requests} requests that it takes"
    if not measured.stable.count.requests:
        return "no request has reached the stable version, so there is nothing to compare with"
    if measured.window.end - last > SILENT:
        return f"nothing measured of the candidate since {last:%H:%M}"
    return ""


def judge_latency(measured: Measured, policy: AnalysisPolicy) -> tuple[Outcome, str]:
    """The 99th percentile: not more than so much above the stable version's, beyond chance."""
    candidate, stable = measured.candidate.p99s, measured.stable.p99s
    if min(len(candidate), len(stable)) < policy.minimum_minutes:
        return "inconclusive", (
            f"{len(candidate)} minutes of p99 of the candidate and {len(stable)} of the stable version: "
            f"it takes {policy.minimum_minutes} of both"
        )
    here, there = median(candidate), median(stable)
    numbers = f"p99 {here:.0f} ms, stable {there:.0f} ms"
    slower = f"more than {percent(policy.latency_increase)} slower"
    over = here > there * (1 + policy.latency_increase)
    if over and larger(candidate, stable) < policy.significance:
        return "unhealthy", f"{slower}: {numbers}"
    if over or (missing := too_little(measured, policy)):
        return "inconclusive", f"{slower + ', which may be chance' if over else missing}: {numbers}"
    return "healthy", numbers


def both(candidate: Count, stable: Count) -> str:
    """The numbers of both versions."""
    return f"{rate(candidate)}, stable {rate(stable)}"


def rate(count: Count) -> str:
    """`1.25 % (4 of 320)`."""
    return f"{percent(count.rate)} ({count.errors} of {count.requests})"


def percent(value: float) -> str:
    """`0.5 %`, with three digits that mean something."""
    return f"{value * 100:.3g} %"
