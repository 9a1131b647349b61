"""How one minute's requests fall on versions, and what is measured of them. Pure: the random numbers are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Called:
    """One real call: how long it took, in milliseconds, and whether the function failed."""

    milliseconds: float
    failed: bool


@dataclass(frozen=True)
class Fault:
    """What is added to a version's answers: the part of them that fail (0 to 1), and milliseconds."""

    errors: float = 0.0
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Minute:
    """What CloudWatch would have of one version in one minute: requests, errors, durations in milliseconds."""

    requests: int
    errors: int
    durations: tuple[float, ...]


def divided(requests: int, weights: Mapping[str, float], random: Random) -> dict[str, int]:
    """The requests of each version: every request falls on one by itself, by the weights (which sum up to 1)."""
    versions = list(weights)
    fallen = random.choices(versions, [weights[each] for each in versions], k=requests)
    return {version: fallen.count(version) for version in versions}


def measured(requests: int, calls: Sequence[Called], fault: Fault, random: Random) -> Minute:
    """What `calls`, of which each stands for the same part of the requests, say of all of them."""
    failing = sum(call.failed for call in calls) / len(calls)
    chance = failing + (1 - failing) * fault.errors
    errors = sum(random.random() < chance for _ in range(requests))
    return Minute(requests, errors, tuple(call.milliseconds + fault.milliseconds for call in calls))


def weights_of(version: str, routing: Mapping[str, float]) -> dict[str, float]:
    """The part (0 to 1) of an alias's traffic that each version has."""
    return {version: 1 - sum(routing.values()), **routing}
