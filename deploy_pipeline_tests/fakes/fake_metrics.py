"""CloudWatch in memory: the same minute again and again for each version, with what is made to go wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from deploy_pipeline.core.analysis.measurements import MINUTE, Points, Window
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.metrics import Alarm, MetricQuery, Metrics


@dataclass(frozen=True)
class Side:
    """What one version has in every minute: requests, errors, and its p99 in milliseconds."""

    requests: int = 60
    errors: int = 0
    p99: float = 100.0

    def value(self, metric: str) -> float:
        """The value of one metric, of a function or of an API."""
        requests, errors = float(self.requests), float(self.errors)
        known = {"Invocations": requests, "Count": requests, "Errors": errors, "5XXError": errors, "Duration": self.p99}
        return known[metric]


class FakeMetrics(Metrics):
    """`sides` are by the executed version, or by function and version, or by (API, ""); without any it is healthy.

    `failures` are raised by the first reads, one after the other; None is a read that works. `looked` is called with
    the window of each read.
    """

    def __init__(
        self,
        sides: Mapping[str | tuple[str, str], Side | None] | None = None,
        failures: Sequence[DeployError | None] = (),
        looked: Callable[[Window], None] = lambda window: None,
    ) -> None:
        self.sides = dict(sides or {})
        self.failures = list(failures)
        self.windows: list[Window] = []
        self.alarms: tuple[Alarm, ...] = ()
        self._looked = looked

    def read(self, queries: Mapping[str, MetricQuery], window: Window) -> dict[str, Points]:
        self.windows.append(window)
        self._looked(window)
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        return {name: self._points(query, window) for name, query in queries.items()}

    def _points(self, query: MetricQuery, window: Window) -> Points:
        version = query.dimensions.get("ExecutedVersion", "")
        name = query.dimensions.get("FunctionName") or query.dimensions["ApiName"]
        side = self.sides.get((name, version), self.sides.get(version, Side()))
        if side is None:
            return Points(query.name, [], [])
        times = [window.start + minute * MINUTE for minute in range((window.end - window.start) // MINUTE)]
        # Real percentiles are never all the same.
        values = [side.value(query.name) + (at % 3 if query.statistic == "p99" else 0) for at in range(len(times))]
        return Points(query.name, times, values)

    def firing(self) -> tuple[Alarm, ...]:
        return self.alarms

    def versions(self, function_name: str, resource: str) -> tuple[str, ...]:
        return tuple(each for each in self.sides if isinstance(each, str) and each)
