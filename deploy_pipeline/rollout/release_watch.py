"""What a live release does to its users, after the bake: errors of functions and APIs, health of services."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from deploy_pipeline.core.analysis.measurements import NotMeasured, Points, Window, by_minute, count_of
from deploy_pipeline.core.analysis.statistics import Count
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.colours import enough
from deploy_pipeline.core.ledger.triggers import last_minutes, too_many_errors
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.metrics import MetricQuery, Metrics
from deploy_pipeline.rollout.evidence import Versions, query
from deploy_pipeline.rollout.service_health import Place, ServiceHealth

API_NAMESPACE = "AWS/ApiGateway"


@dataclass(frozen=True)
class ReleaseWatch:
    """Looks at a release that went live at `since`, which is a time of the clock by which metrics' minutes pass."""

    metrics: Metrics
    health: ServiceHealth
    spec: Spec
    now: datetime
    since: datetime

    def function(self, live: Deployed, name: str) -> str:
        """Why a function takes the release back, "" where it does not. Raises DeployError, NotMeasured."""
        rules, one = self.spec.rollback.functions, next(each for each in live.functions if each.name == name)
        versions = Versions(one.function_name, one.alias, one.version, one.version)
        asked = {what: query(versions, "", what) for what in ("requests", "errors")}
        why = self._errors(asked, rules.minutes, rules.error_rate, rules.minimum_requests)
        return f"function {name}: {why}" if why else ""

    def api(self, name: str) -> str:
        """Why an API takes the release back, "" where it does not. Raises DeployError, NotMeasured."""
        rules = self.spec.rollback.apis
        dimensions = {"ApiName": rules.watched[name].api_name, "Stage": rules.watched[name].stage}
        asked = {
            "requests": MetricQuery(API_NAMESPACE, "Count", "Sum", dimensions),
            "errors": MetricQuery(API_NAMESPACE, "5XXError", "Sum", dimensions),
        }
        why = self._errors(asked, rules.minutes, rules.error_rate, rules.minimum_requests)
        return f"API {name}: {why}" if why else ""

    def ill(self, live: Deployed, name: str) -> str:
        """How few of a service's tasks are healthy now, "" where they are enough. Raises DeployError."""
        one, spec = next(each for each in live.services if each.name == name), self.spec.services[name]
        state = self.health.services.state(one.cluster, one.service)
        if state.task_definition != one.task_definition:
            return ""  # somebody else has changed it
        place = Place(one.cluster, one.service, spec.port, spec.health_path)
        healthy, percent = self.health.healthy(place, one.task_definition), self.spec.rollback.services.healthy_percent
        if not state.desired or enough(healthy, state.desired, percent):
            return ""
        return f"service {name}: {healthy} of {state.desired} tasks are healthy, fewer than {percent} %"

    def _errors(self, asked: Mapping[str, MetricQuery], minutes: int, most: float, minimum: int) -> str:
        window = last_minutes(self.now, self.since, minutes)
        if window is None:
            return ""
        return too_many_errors(counts_of(window, self.metrics.read(asked, window)), window, most, minimum)


def counts_of(window: Window, found: Mapping[str, Points]) -> dict[datetime, Count]:
    """The minutes of which both numbers are known."""
    try:
        requests, errors = by_minute(window, found["requests"]), by_minute(window, found["errors"])
    except NotMeasured:
        return {}
    return {at: count_of(at, requests[at], errors[at]) for at in requests if at in errors}
