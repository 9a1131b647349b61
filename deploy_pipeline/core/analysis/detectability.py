"""What a bake can find out at the traffic there is, said before it begins: so that nobody trusts it with more."""

import math
from dataclasses import dataclass

from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.analysis.statistics import Count, more_errors

POWER = 0.95
"""How certainly what is called detected is found."""


@dataclass(frozen=True)
class Traffic:
    """Requests per minute to both versions together, and the part of them (0 to 1) that reaches the candidate."""

    per_minute: float
    weight: float


def detectable(traffic: Traffic, minutes: int, stable_rate: float, policy: AnalysisPolicy) -> float | None:
    """The smallest error rate (0 to 1) that a bake finds with `POWER`; None when it finds none."""
    from scipy.stats import beta  # noqa: PLC0415

    requests = round(traffic.per_minute * traffic.weight * minutes)
    others = round(traffic.per_minute * (1 - traffic.weight) * minutes)
    stable = Count(min(round(others * stable_rate), others), others)
    errors = fewest_errors(requests, stable, policy)
    if errors is None:
        return None
    return float(beta.ppf(POWER, errors, requests - errors + 1))


def fewest_errors(requests: int, stable: Count, policy: AnalysisPolicy) -> int | None:
    """How many errors of `requests` are beyond chance beside the stable version; None when not even all of them."""
    low, high = max(1, math.ceil(requests * policy.error_rate)), requests
    if high < low or more_errors(Count(high, requests), stable) >= policy.significance:
        return None
    while low < high:
        middle = (low + high) // 2
        if more_errors(Count(middle, requests), stable) < policy.significance:
            high = middle
        else:
            low = middle + 1
    return low


def says(traffic: Traffic, minutes: int, stable_rate: float, policy: AnalysisPolicy) -> str:
    """One line for the operator."""
    at = f"at {traffic.per_minute:.3g} requests/min, {traffic.weight * 100:.3g} % of them to the candidate,"
    least = detectable(traffic, minutes, stable_rate, policy)
    found = "detects no error rate at all" if least is None else f"detects an error rate of ≥ {least * 100:.2g} %"
    needed = policy.minimum_requests / (traffic.per_minute * traffic.weight) if traffic.per_minute else math.inf
    enough = f"{math.ceil(needed)} min" if math.isfinite(needed) else "for ever"
    return f"{at} a {minutes} min bake {found}; {policy.minimum_requests} requests, the least to promote, take {enough}"
