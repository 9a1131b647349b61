"""`pr_validation_job`: one head of a pull request, checked in isolation and answered on GitHub."""

import dagster as dg

from deploy_pipeline.core.checks.catalogue import IN_ENVIRONMENT
from deploy_pipeline.jobs.execution import executor
from deploy_pipeline.ops.answer import answer_pull_request, conclude
from deploy_pipeline.ops.checks import CHECK_OPS, estimate_cost
from deploy_pipeline.ops.pull_request import prepare_environment, prepare_tools, resolve_pull_request
from deploy_pipeline.ops.shown_plans import record_plans

MAX_RUNTIME_SECONDS = 2 * 60 * 60
# dagster.yaml bounds the runs with this tag: validations must not hold up a deployment.
SOME_AT_A_TIME = {"validation": "pull-request"}


@dg.job(
    executor_def=executor,
    tags={**SOME_AT_A_TIME, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
    description="Check one head of a pull request in isolation, and answer on GitHub.",
)
def pr_validation_job() -> None:
    """One head of a pull request, checked in isolation and answered on GitHub."""
    subject = resolve_pull_request()
    tools = prepare_tools(subject)
    environment = prepare_environment(subject, tools)
    reported = {name: op(subject, environment if name in IN_ENVIRONMENT else tools) for name, op in CHECK_OPS.items()}
    record_plans(subject, reported["terraform_plan"])
    cost = estimate_cost(subject, tools, reported["terraform_plan"])
    conclude(answer_pull_request(subject, [*reported.values(), cost]))
