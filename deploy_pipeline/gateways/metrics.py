"""Metrics of function versions and load balancers, minute by minute. Decides nothing."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from deploy_pipeline.core.analysis.measurements import Points, Window


@dataclass(frozen=True)
class MetricQuery:
    """One metric: `statistic` is CloudWatch's word (`Sum`, `p99`), `dimensions` all of those that it has."""

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class Alarm:
    """An alarm that fires: why, and the dimensions of the metrics that it watches."""

    name: str
    reason: str
    dimensions: tuple[tuple[str, str], ...]


class Metrics(ABC):
    """The metrics of one account and region."""

    @abstractmethod
    def read(self, queries: Mapping[str, MetricQuery], window: Window) -> dict[str, Points]:
        """Each query's datapoints in the window, one for each minute that has one. Raises DeployError.

        `Points.whole` is false where the answer says that data is missing from it.
        """

    @abstractmethod
    def firing(self) -> tuple[Alarm, ...]:
        """The alarms that fire now. Alarms made of other alarms are not among them: those are."""

    @abstractmethod
    def versions(self, function_name: str, resource: str) -> tuple[str, ...]:
        """The versions of a function of which `resource` (`function:alias`) has metrics, of the last two weeks."""
