"""`rollback_trigger_sensor`: takes a release back that harms its users after it went live.

Once for each release, only what the release itself has changed, and never past a person's decision. What cannot be
measured takes nothing back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import deployment_id
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
        ill, why = service_reasons(watch, found, before, now)
        reasons = [*why, *(each for each in error_reasons(watch, found) if each)]
        key = run_key(context.instance, ledger, found.release.name) if reasons else ""
    except DeployError as error:
        return dg.SkipReason(f"what is live cannot be looked at, and is asked again: {error}")
    requests = [request(found.release, key, reasons, home_spec)] if reasons else []
    return dg.SensorResult(run_requests=requests, cursor=ill.model_dump_json())


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


def error_reasons(watch: ReleaseWatch, found: Watched) -> Iterator[str]:
    """What functions and APIs say against the release."""
    changed = changed_functions(found.live, found.before)
    for name in changed:
        yield watch.function(found.live, name)
    if changed or changed_services(found.live, found.before):
        for name in watch.spec.rollback.apis.watched:
            yield watch.api(name)


def service_reasons(watch: ReleaseWatch, found: Watched, before: Ill, now: datetime) -> tuple[Ill, list[str]]:
    """Since when each service has been ill, and what those say that have been for long enough."""
    said = {name: watch.ill(found.live, name) for name in changed_services(found.live, found.before)}
    since = {name: before.since.get(name, now) for name, why in said.items() if why}
    minutes = watch.spec.rollback.services.minutes
    return Ill(release=found.release.name, looked_at=now, since=since), [
        f"{said[name]}, for {minutes} min" for name, at in since.items() if ill_for(at, now, minutes)
    ]


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
        ids = [deployment_id(run.tags[run_tags.COMMIT], run.run_id) for run in runs if run_tags.COMMIT in run.tags]
        records = [ledger.deployment(each) for each in ids]
        if not any(record is not None and record.outcome == "abandoned" for record in records):
            return key
        key = f"{release}:{attempt}"
    return key


def request(release: Release, key: str, reasons: list[str], spec: Spec) -> dg.RunRequest:
    """The rollback of a release."""
    config = RollbackConfig(instead_of=release.name, reason="; ".join(reasons))
    tags = {run_tags.ENVIRONMENT: spec.environment}
    return dg.RunRequest(run_key=key, run_config=dg.RunConfig(ops={"resolve_rollback": config}), tags=tags)
