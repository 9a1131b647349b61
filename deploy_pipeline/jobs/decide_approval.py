"""`decide_approval_job`: a person grants or refuses what waits."""

import dagster as dg

from deploy_pipeline.jobs.execution import executor
from deploy_pipeline.ops.decide import decide

MAX_RUNTIME_SECONDS = 5 * 60


@dg.job(
    executor_def=executor,
    tags={"dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
    description="Grant or refuse what waits for a person, with name and reason: as `deploy-pipeline approve|reject`.",
)
def decide_approval_job() -> None:
    """A person grants or refuses what waits."""
    decide()
