"""What CloudWatch measured of function versions beside each other, read into what the judge takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy_pipeline.core.analysis.measurements import (
    Measured,
    Points,
    Series,
    Window,
    by_minute,
    count_of,
    read_series,
)
from deploy_pipeline.core.analysis.statistics import Count
from deploy_pipeline.gateways.metrics import MetricQuery, Metrics

NAMESPACE = "AWS/Lambda"
WHAT = {"requests": ("Invocations", "Sum"), "errors": ("Errors", "Sum"), "p99": ("Duration", "p99")}


@dataclass(frozen=True)
class Versions:
    """The two versions between which an alias divides its traffic."""

    function_name: str
    alias: str
    stable: str
    candidate: str


@dataclass(frozen=True)
class FunctionEvidence:
    """Reads both versions of each function (`targets`, by name) over the same window. Raises what cannot be read:

    DeployError for CloudWatch itself, NotMeasured for an answer that cannot be true.
    """

    metrics: Metrics
    targets: Mapping[str, Versions]

    def read(self, window: Window) -> dict[str, Measured]:
        """The measurements of each function, by name."""
        sides = {
            (name, version): (versions, version)
            for name, versions in self.targets.items()
            for version in (versions.stable, versions.candidate)
        }
        asked = {
            f"{name} {version} {what}": query(versions, version, what)
            for (name, version), (versions, _) in sides.items()
            for what in WHAT
        }
        found = self.metrics.read(asked, window)
        series = {(name, version): _series(window, found, f"{name} {version}") for name, version in sides}
        return {
            name: Measured(window, series[name, versions.candidate], series[name, versions.stable])
            for name, versions in self.targets.items()
        }

    def traffic(self, window: Window) -> dict[str, Count]:
        """The requests to each function's alias and their errors, whichever version served them."""
        asked = {
            f"{name} {what}": query(versions, "", what)
            for name, versions in self.targets.items()
            for what in ("requests", "errors")
        }
        found = self.metrics.read(asked, window)
        sums = {name: sum(by_minute(window, points).values()) for name, points in found.items()}
        return {name: count_of(window.start, sums[f"{name} requests"], sums[f"{name} errors"]) for name in self.targets}


def query(versions: Versions, version: str, what: str) -> MetricQuery:
    """One metric of one version behind the alias, or of all of them (""), as is all that CloudWatch has of an alias

    that does not divide its traffic.
    """
    name, statistic = WHAT[what]
    resource = f"{versions.function_name}:{versions.alias}"
    dimensions = {"FunctionName": versions.function_name, "Resource": resource}
    return MetricQuery(NAMESPACE, name, statistic, dimensions | ({"ExecutedVersion": version} if version else {}))


def _series(window: Window, found: Mapping[str, Points], side: str) -> Series:
    requests, errors, p99 = (found[f"{side} {what}"] for what in WHAT)
    return read_series(window, requests, errors, p99)
