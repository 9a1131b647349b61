"""`rollback_trigger_sensor`: takes a release back that harms its users after it went live.

Once for each release, only what the release itself has changed, and never past a person's decision. What cannot be
measured takes nothing back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import dagster as dg
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.triggers import changed_functions, changed_services, ill_for, left_alone
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
from deploy_pipeline.ops.holding import has_died
from deploy_pipeline.ops.rollback import RollbackConfig
from deploy_pipeline.rollout.release_watch import ReleaseWatch
from deploy_pipeline.rollout.service_health import ServiceHealth

INTERVAL_SECONDS = 15
UNSEEN = timedelta(minutes=3)
"""A tick at tasks that hang takes a minute by itself."""
MOST_ATTEMPTS = 3


class Ill(BaseModel):
    """What the sensor remembers: since when each service of a release has been ill, at each look that it had."""

    model_config = ConfigDict(frozen=True)

    release: str = ""
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
        spec = found.live.candidate.spec
        since = metrics_clock.of(found.release.promoted_at)
        watch = ReleaseWatch(metrics, health, spec, metrics_clock.now(), since)
        now = clock.now()
        before = read_ill(context.cursor, found.release.name, now)
        ill, of_services, unseen = service_reasons(watch, found, before, now)
        of_code, unread = error_reasons(watch, found)
        reasons = [*of_services, *of_code]
        key = run_key(context.instance, ledger, found.release.name) if reasons else ""
    except DeployError as error:
        return dg.SkipReason(f"what is live cannot be looked at, and is asked again: {error}")
    unknown = "; ".join([*unseen, *unread])
    why_not = f"cannot be looked at, and is asked again: {unknown}" if unknown else None
    cursor = ill.model_dump_json()
    if not reasons:
        return dg.SensorResult(skip_reason=why_not, cursor=cursor)
    if why_not:
        context.log.warning(why_not)
    return dg.SensorResult(run_requests=[request(found.release, key, reasons, home_spec)], cursor=cursor)


@dataclass(frozen=True)
class Watched:
    """A release that may be taken back, and the one before it."""

    release: Release
    live: Deployed
    before: Deployed


def watched(ledger: Ledger, now: datetime) -> Watched | str:
    """The release that serves, or why it is left alone."""
    head, live = ledger.head().head, ledger.live()
    release = ledger.release(live.release) if live else None
    if live is None or release is None:
        return "nothing is live yet"
    minutes = timedelta(minutes=live.candidate.spec.rollback.watch_minutes)
    if reason := left_alone(head, release, ledger.deployment(release.name), now, minutes):
        return f"{release.name} is left alone: {reason}"
    before = ledger.deployed(release.replaced)
    return Watched(release, live, before) if before else f"the record of {release.replaced} is missing"


def error_reasons(watch: ReleaseWatch, found: Watched) -> tuple[list[str], list[str]]:
    """What functions and APIs say against the release, and which of them cannot be asked."""
    changed = changed_functions(found.live, found.before)
    looks = {f"function {name}": partial(watch.function, found.live, name) for name in changed}
    if changed or changed_services(found.live, found.before):
        looks |= {f"API {name}": partial(watch.api, name) for name in watch.spec.rollback.apis.watched}
    said, unread = each_alone(looks)
    return [*said.values()], unread


def service_reasons(
    watch: ReleaseWatch, found: Watched, before: Ill, now: datetime
) -> tuple[Ill, list[str], list[str]]:
    """Since when each service has been ill, what those say that have been for long enough, and which are not known.

    One that cannot be looked at is not ill: its time begins anew when it can.
    """
    services = changed_services(found.live, found.before)
    said, unread = each_alone({name: partial(watch.ill, found.live, name) for name in services})
    since = {name: before.since.get(name, now) for name in said}
    minutes = watch.spec.rollback.services.minutes
    reasons = [f"{said[name]}, for {minutes} min" for name, at in since.items() if ill_for(at, now, minutes)]
    return Ill(release=found.release.name, looked_at=now, since=since), reasons, unread


def each_alone(looks: Mapping[str, Callable[[], str]]) -> tuple[dict[str, str], list[str]]:
    """What is wrong at each look, and what could not be looked at, which keeps no other look from being taken."""
    said, unread = {}, []
    for name, look in looks.items():
        try:
            said[name] = look()
        except DeployError as error:
            unread.append(f"{name}: {error}")
    return {name: why for name, why in said.items() if why}, unread


def read_ill(cursor: str | None, release: str, now: datetime) -> Ill:
    """What was remembered of this release; nothing after a while in which nobody has looked."""
    try:
        found = Ill.model_validate_json(cursor or "{}")
    except ValidationError:
        found = Ill()
    fresh = found.looked_at is not None and now - found.looked_at < UNSEEN
    return found if found.release == release and fresh else Ill(release=release)


def run_key(instance: dg.DagsterInstance, ledger: Ledger, release: str) -> str:
    """The release: asked for twice, its rollback is made once. One whose run died, and was undone, is made again."""
    key = release
    for attempt in range(1, MOST_ATTEMPTS):
        tags = {"dagster/run_key": key, "dagster/sensor_name": "rollback_trigger_sensor"}
        runs = instance.get_runs(filters=dg.RunsFilter(job_name=rollback_job.name, tags=tags))
        if not any(has_died(instance, ledger, run) for run in runs):
            return key
        key = f"{release}:{attempt}"
    return key


def request(release: Release, key: str, reasons: list[str], spec: Spec) -> dg.RunRequest:
    """The rollback of a release."""
    config = RollbackConfig(instead_of=release.name, reason="; ".join(reasons))
    tags = {run_tags.ENVIRONMENT: spec.environment}
    return dg.RunRequest(run_key=key, run_config=dg.RunConfig(ops={"resolve_rollback": config}), tags=tags)
