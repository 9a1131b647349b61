"""`decide_rollout_job`: a person ends a bake at once, either way."""

import dagster as dg

from deploy_pipeline.jobs.decide_approval import MAX_RUNTIME_SECONDS
from deploy_pipeline.jobs.execution import executor
from deploy_pipeline.ops.decide import decide_rollout


@dg.job(
    executor_def=executor,
    tags={"dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
    description="Promote what bakes at once, or roll it back, with name and reason: as `deploy-pipeline decide`.",
)
def decide_rollout_job() -> None:
    """A person ends a bake."""
    decide_rollout()
