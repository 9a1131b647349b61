"""`reconcile_job`: what a dead run has left behind is settled."""

import dagster as dg

from deploy_pipeline.jobs.execution import executor
from deploy_pipeline.ops.reconcile import reconcile

MAX_RUNTIME_SECONDS = 30 * 60


# Not one of those that run one at a time: the dead run may still have their place.
@dg.job(
    executor_def=executor,
    tags={"dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
    description="Settle what a dead run has left behind: what is live is finished, anything else is undone.",
)
def reconcile_job() -> None:
    """What a dead run has left behind is settled."""
    reconcile()
