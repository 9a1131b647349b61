"""`deploy_job`: one commit of the deployed branch, from its source to running and checked."""

import dagster as dg

from deploy_pipeline.jobs.execution import ONE_AT_A_TIME, executor
from deploy_pipeline.ops.candidate import fan_out_functions, fan_out_images, resolve_candidate
from deploy_pipeline.ops.completion import gather_deployed, notify, promote
from deploy_pipeline.ops.functions import fan_out_function_deployments, publish_function
from deploy_pipeline.ops.images import build_image, push_image
from deploy_pipeline.ops.infrastructure import apply_terraform, init_terraform, plan_terraform
from deploy_pipeline.ops.packages import package_function
from deploy_pipeline.ops.rollouts import roll_out_functions
from deploy_pipeline.ops.scans import prepare_scanner, scan_image
from deploy_pipeline.ops.services import deploy_service, drain_services, fan_out_services
from deploy_pipeline.ops.smoke import fan_out_smoke_tests, smoke_test

MAX_RUNTIME_SECONDS = 4 * 60 * 60  # longer than the time-outs of all stages together


@dg.job(
    executor_def=executor,
    tags={**ONE_AT_A_TIME, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
    description="Build, scan and push the images, apply Terraform, deploy services and functions, check, tell people. "
    "A stage whose inputs are those of the live release takes its result over; `force: true` in resolve_candidate's "
    "config does everything again.",
)
def deploy_job() -> None:
    """One commit of the deployed branch, from its source to running and checked."""
    candidate = resolve_candidate()
    scanner = prepare_scanner(candidate)
    images = fan_out_images(candidate).map(lambda task: push_image(scan_image(build_image(task), scanner))).collect()
    packages = fan_out_functions(candidate).map(package_function).collect()
    planned = plan_terraform(candidate, init_terraform(candidate), images, packages)
    applied = apply_terraform(candidate, planned)
    services = fan_out_services(candidate, images, applied).map(deploy_service).collect()
    published = fan_out_function_deployments(candidate, packages, applied, services).map(publish_function).collect()
    functions = roll_out_functions(candidate, services, published)
    deployed = gather_deployed(candidate, images, packages, applied, services, published, functions)
    tests = fan_out_smoke_tests(deployed).map(smoke_test).collect()
    live = promote(deployed, tests)
    notify(live, tests)
    drain_services(live)
