"""`approval_sensor`: goes on with what waited for a person, as soon as one has granted it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval, now_of
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline.ops.candidate import DeployConfig
from deploy_pipeline.ops.rollback import RollbackConfig
from deploy_pipeline.sensors.attempts import next_key

FRESH = timedelta(days=3)
"""A service that was down over a weekend goes on with it; a new Dagster home does not repeat what was long ago."""
INTERVAL_SECONDS = 1  # each loop of the daemon, which takes five seconds


@dg.sensor(
    jobs=[deploy_job, rollback_job],
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Deploys the merges, and launches the rollbacks, that waited for a person, once one has granted them.",
)
def approval_sensor(
    context: dg.SensorEvaluationContext,
    home_spec: dg.ResourceParam[Spec],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> dg.SensorResult | dg.SkipReason:
    """One run for each approval that was granted; another one where it died."""
    ledger = Ledger.of(object_store, home_spec)

    def key_of(key: str) -> str:
        return next_key(context.instance, ledger, approval_sensor.name, key)

    try:
        requests = list(granted(ledger.approvals().values(), clock.now(), home_spec.environment, key_of))
    except DeployError as error:
        return dg.SkipReason(f"the ledger cannot be read, and is asked again: {error}")
    return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason("nothing was granted lately")


def granted(
    approvals: Iterable[Approval], now: datetime, environment: str, key_of: Callable[[str], str]
) -> Iterator[dg.RunRequest]:
    """The run of each that was granted: its key is made of the approval, so that it is launched once."""
    for each in approvals:
        stands = now_of(each, now)
        if stands.decision == "granted" and stands.decided_at and now - stands.decided_at < FRESH:
            job, config = launched(each)
            tags, key = run_tags.commit_tags(each.commit, environment), key_of(f"{each.id}:{each.asked_at.isoformat()}")
            yield dg.RunRequest(run_key=key, run_config=config, tags=tags, job_name=job)


def launched(approval: Approval) -> tuple[str, dg.RunConfig]:
    """What goes on: the deployment of a commit, or a rollback from the release that was live to just the same one."""
    if way := approval.way_back:
        back = RollbackConfig(to=way.to, only=list(way.only), reason=way.reason, instead_of=way.live)
        return rollback_job.name, dg.RunConfig(ops={"resolve_rollback": back})
    config = DeployConfig(commit=approval.commit.sha, force=approval.force, hotfix=approval.hotfix)
    return deploy_job.name, dg.RunConfig(ops={"resolve_candidate": config})
