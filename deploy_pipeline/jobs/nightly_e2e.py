"""`nightly_e2e_job`: the smoke and end-to-end checks against what is live. Changes nothing."""

import dagster as dg

from deploy_pipeline.jobs.execution import ONE_AT_A_TIME, executor
from deploy_pipeline.ops.live import notify_nightly, resolve_live
from deploy_pipeline.ops.smoke import fan_out_smoke_tests, smoke_test

MAX_RUNTIME_SECONDS = 60 * 60


@dg.job(
    executor_def=executor,
    tags={**ONE_AT_A_TIME, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
    description="Hold the record of what is live against AWS, run every smoke test, tell people.",
)
def nightly_e2e_job() -> None:
    """The smoke and end-to-end checks against what is live."""
    live = resolve_live()
    tests = fan_out_smoke_tests(live).map(smoke_test).collect()
    notify_nightly(live, tests)
