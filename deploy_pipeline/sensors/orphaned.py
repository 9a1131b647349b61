"""`orphaned_deployment_sensor`: starts `reconcile_job` when the holder of an environment gives no sign of life.

It looks at the ledger, never at the status of a run: a run may be called started for hours after its process died.
"""

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.head import patience
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.jobs.reconcile import reconcile_job
from deploy_pipeline.ledger.lease import LeaseLimit, orphan
from deploy_pipeline.sensors.lost_runs import end_lost

INTERVAL_SECONDS = 1  # each loop of the daemon, which takes five seconds


@dg.sensor(
    job=reconcile_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Returns traffic to what served before when a deployment's run is dead or cut off.",
)
def orphaned_deployment_sensor(
    context: dg.SensorEvaluationContext,
    home_spec: dg.ResourceParam[Spec],
    object_store: dg.ResourceParam[ObjectStore],
    lease_limit: dg.ResourceParam[LeaseLimit],
) -> dg.RunRequest | dg.SkipReason:
    """One run for each time that a lease was left behind; where it fails, another one, later and later."""
    for run_id in end_lost(context.instance):
        context.log.info(f"run {run_id} was being cancelled, and its process is gone: it has ended")
    try:
        seen = Ledger.of(object_store, home_spec).head()
    except DeployError as error:
        return dg.SkipReason(f"the ledger cannot be read, and is asked again: {error}")
    left = orphan(seen, lease_limit.seconds)
    if left is None:
        return dg.SkipReason("no deployment is left behind")
    earlier = attempts(context.instance, left)
    if any(not run.is_finished for run in earlier):
        return dg.SkipReason(f"{left} is being settled")
    wanted = patience(lease_limit.seconds, len(earlier))
    if seen.age_seconds < wanted:
        return dg.SkipReason(f"{left} could not be settled; tried again when {wanted:.0f} s have passed")
    key = f"{left}:{seen.head.token}:{len(earlier)}"
    return dg.RunRequest(run_key=key, tags={run_tags.RECONCILES: left, run_tags.ENVIRONMENT: home_spec.environment})


def attempts(instance: dg.DagsterInstance, deployment: str) -> list[dg.DagsterRun]:
    """The runs that were to settle a deployment; one that was made but never queued must be asked for again."""
    tags = {run_tags.RECONCILES: deployment}
    runs = instance.get_runs(filters=dg.RunsFilter(job_name=reconcile_job.name, tags=tags))
    return [run for run in runs if run.status != dg.DagsterRunStatus.NOT_STARTED]
