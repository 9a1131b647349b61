"""`rollback_trigger_sensor`: takes a release back that harms its users after it went live.

Once for each release that serves, only for what a release of the last hour has changed, and never past a person's
decision. What cannot be measured takes nothing back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import dagster as dg
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.triggers import ill_for
from deploy_pipeline.core.release import Release
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.metrics import Metrics
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline.ledger.watched import Watched, watched
from deploy_pipeline.ops.rollback import RollbackConfig
from deploy_pipeline.rollout.release_watch import ReleaseWatch
from deploy_pipeline.rollout.service_health import ServiceHealth
from deploy_pipeline.sensors.attempts import next_key

INTERVAL_SECONDS = 15
UNSEEN = timedelta(minutes=3)
"""A tick at tasks that hang takes a minute by itself."""


class Ill(BaseModel):
    """What the sensor remembers: since when each service has been ill, at each look that it had.

    A service is its name and what it runs: a newer release that leaves it as it is does not make it well.
    """

    model_config = ConfigDict(frozen=True)

    looked_at: datetime | None = None
    since: dict[str, datetime] = {}


@dg.sensor(
    job=rollback_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Rolls a release back whose functions, services or APIs fail after it went live (spec: `rollback`).",
)
def rollback_trigger_sensor(
    context: dg.SensorEvaluationContext,
    home_spec: dg.ResourceParam[Spec],
    object_store: dg.ResourceParam[ObjectStore],
    metrics: dg.ResourceParam[Metrics],
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    web: dg.ResourceParam[Web],
    clock: dg.ResourceParam[Clock],
    metrics_clock: dg.ResourceParam[Clock],
) -> dg.SensorResult | dg.SkipReason:
    """One rollback for each release, asked for by the first of its parts that harms users for long enough."""
    ledger = Ledger.of(object_store, home_spec)
    try:
        found = watched(ledger, clock.now())
        if isinstance(found, str):
            return dg.SkipReason(found)
        health = ServiceHealth(services, load_balancers, web, clock, context.log.info)
        looks, live = Looks(metrics, health, metrics_clock), found[0].release.name
        said, ill = looks.at(found, read_ill(context.cursor, clock.now()), clock.now())
        key = next_key(context.instance, ledger, rollback_trigger_sensor.name, live) if said else ""
    except DeployError as error:
        return dg.SkipReason(f"what is live cannot be looked at, and is asked again: {error}")
    unknown = "; ".join(looks.unread)
    why_not = f"cannot be looked at, and is asked again: {unknown}" if unknown else None
    cursor = ill.model_dump_json()
    if not said:
        return dg.SensorResult(skip_reason=why_not, cursor=cursor)
    if why_not:
        context.log.warning(why_not)
    return dg.SensorResult(run_requests=[request(live, key, said, home_spec)], cursor=cursor)


Said = list[tuple[Release, list[str]]]
"""The releases that harm users, the newest first, and what is wrong with each."""


@dataclass
class Looks:
    """At all releases that are watched. `unread` is what could not be looked at, which hides nothing else."""

    metrics: Metrics
    health: ServiceHealth
    metrics_clock: Clock
    unread: list[str] = field(default_factory=list)

    def at(self, found: Sequence[Watched], before: Ill, now: datetime) -> tuple[Said, Ill]:
        """What is wrong with which release, and since when each service has been ill."""
        said: Said = []
        since: dict[str, datetime] = {}
        newest = next((each for each in found if each.functions or each.services), None)
        for each in found:
            watch = self._watch(each)
            services, ill = self._services(watch, each, before, now)
            reasons = [*services, *self._functions(watch, each), *(self._apis(watch) if each is newest else ())]
            said += [(each.release, reasons)] if reasons else []
            since |= ill
        return said, Ill(looked_at=now, since=since)

    def _watch(self, each: Watched) -> ReleaseWatch:
        since = self.metrics_clock.of(each.release.promoted_at)
        spec = each.live.candidate.spec
        return ReleaseWatch(self.metrics, self.health, spec, self.metrics_clock.now(), since)

    def _functions(self, watch: ReleaseWatch, each: Watched) -> list[str]:
        looks = {f"function {name}": partial(watch.function, each.live, name) for name in each.functions}
        return [*self._each_alone(looks).values()]

    def _apis(self, watch: ReleaseWatch) -> list[str]:
        looks = {f"API {name}": partial(watch.api, name) for name in watch.spec.rollback.apis.watched}
        return [*self._each_alone(looks).values()]

    def _services(
        self, watch: ReleaseWatch, each: Watched, before: Ill, now: datetime
    ) -> tuple[list[str], dict[str, datetime]]:
        """One that cannot be looked at is not ill: its time begins anew when it can."""
        said = self._each_alone({name: partial(watch.ill, each.live, name) for name in each.services})
        runs = {one.name: f"{one.name} {one.task_definition}" for one in each.live.services}
        since = {runs[name]: before.since.get(runs[name], now) for name in said}
        minutes = watch.spec.rollback.services.minutes
        return [
            f"{why}, for {minutes} min" for name, why in said.items() if ill_for(since[runs[name]], now, minutes)
        ], since

    def _each_alone(self, looks: Mapping[str, Callable[[], str]]) -> dict[str, str]:
        """What is wrong at each look where something is."""
        said = {}
        for name, look in looks.items():
            try:
                said[name] = look()
            except DeployError as error:
                self.unread.append(f"{name}: {error}")
        return {name: why for name, why in said.items() if why}


def read_ill(cursor: str | None, now: datetime) -> Ill:
    """What was remembered; nothing after a while in which nobody has looked."""
    try:
        found = Ill.model_validate_json(cursor or "{}")
    except ValidationError:
        found = Ill()
    fresh = found.looked_at is not None and now - found.looked_at < UNSEEN
    return found if fresh else Ill()


def request(live: str, key: str, said: Said, spec: Spec) -> dg.RunRequest:
    """The rollback of what is live, to the release before the oldest one that harms users."""
    oldest, _ = said[-1]
    reasons = [reason for _, each in said for reason in each]
    config = RollbackConfig(to=oldest.replaced, instead_of=live, reason="; ".join(reasons))
    tags = {run_tags.ENVIRONMENT: spec.environment}
    return dg.RunRequest(run_key=key, run_config=dg.RunConfig(ops={"resolve_rollback": config}), tags=tags)
