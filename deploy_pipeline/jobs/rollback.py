"""`rollback_job`: an earlier release serves again."""

import dagster as dg

from deploy_pipeline.jobs.execution import ONE_AT_A_TIME, executor
from deploy_pipeline.ops.rollback import resolve_rollback, roll_back_functions, roll_back_services
from deploy_pipeline.ops.rollback_record import drain_rolled_back, notify_rollback, record_rollback
from deploy_pipeline.ops.rollback_terraform import plan_rollback, roll_back_terraform

MAX_RUNTIME_SECONDS = 4 * 60 * 60  # longer than the time-outs of plans and an apply together
FIRST = "100"
"""Before every deployment that waits."""


@dg.job(
    executor_def=executor,
    tags={**ONE_AT_A_TIME, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS), "dagster/priority": FIRST},
    description="Have an earlier release serve again: functions first, then services; Terraform only where "
    "that is wanted. Empty config: the one before.",
)
def rollback_job() -> None:
    """An earlier release serves again."""
    rollback = resolve_rollback()
    planned = plan_rollback(rollback)
    functions = roll_back_functions(rollback, planned)
    services = roll_back_services(rollback, functions)
    stacks = roll_back_terraform(rollback, planned, services)
    recorded = record_rollback(rollback, functions, services, stacks)
    notify_rollback(rollback, recorded)
    drain_rolled_back(recorded)
