"""What a candidate has to keep to be promoted, as the spec says it."""

from dataclasses import dataclass, replace
from typing import Literal

Metric = Literal["error_rate", "latency"]


@dataclass(frozen=True)
class AnalysisPolicy:
    """Rates are 0 to 1. The defaults are those of the source document, and what makes them safe to decide by."""

    error_rate: float = 0.01
    """The candidate has to stay below this."""
    abort_error_rate: float = 0.05
    """Above this the rollout ends at once, as soon as enough requests were seen to rule out chance."""
    latency_increase: float = 0.20
    """The candidate's p99 may be that much above the stable version's."""
    minimum_requests: int = 300
    """With fewer nothing is healthy: 300 without an error are what it takes to say "below 1 %"."""
    minimum_minutes: int = 5
    """With fewer minutes of latency on either side nothing is healthy."""
    significance: float = 0.01
    """How often a version that is the same as the stable one may be taken for a worse one."""
    observe: frozenset[Metric] = frozenset()
    """Metrics that are judged and shown, and decide nothing."""
    relative: bool = False
    """Judge against the stable version alone: for a hotfix, when the stable version is beyond the limits itself."""

    def shared_by(self, targets: int) -> "AnalysisPolicy":
        """For each of so many targets that are judged together: one false alarm returns all of them (Bonferroni)."""
        return replace(self, significance=self.significance / max(targets, 1))
