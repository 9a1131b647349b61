"""Lambda functions: one branch of the fan-out publishes one version and moves its alias."""

import dagster as dg

from deploy_pipeline.core.asset_keys import asset_path
from deploy_pipeline.core.candidate import (
    AppliedStack,
    Candidate,
    DeployedFunction,
    DeployedService,
    FunctionDeployment,
    PackagedFunction,
)
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.admission import refuse_to_go_backwards
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.materialize import deployed_asset


@dg.op(out=dg.DynamicOut(FunctionDeployment), description="One branch for each function, once the services run.")
def fan_out_function_deployments(
    candidate: Candidate,
    packages: list[PackagedFunction],
    applied: list[AppliedStack],
    services: list[DeployedService],
) -> list[dg.DynamicOutput[FunctionDeployment]]:
    """One branch for each function.

    Services go first: they fail more often, and a function's alias should not move for a release that does not happen.
    """
    return [dg.DynamicOutput(FunctionDeployment(candidate, package), mapping_key=package.name) for package in packages]


@dg.op(tags={"dagster/kind": "lambda"})
@stage
def deploy_function(
    context: dg.OpExecutionContext,
    deployment: FunctionDeployment,
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    functions: dg.ResourceParam[Functions],
    links: dg.ResourceParam[Links],
) -> DeployedFunction:
    """Publish the package as a new version and point the alias at it."""
    refuse_to_go_backwards(git, object_store, deployment.candidate)
    function, package, commit = deployment.function, deployment.package, deployment.candidate.commit
    published = functions.publish(
        function.function_name, bucket=package.bucket, key=package.key, code_sha256=package.code_sha256,
        description=f"{commit.short} {commit.title}"[:256],
    )  # fmt: skip
    before = functions.alias(function.function_name, function.alias)
    functions.move_alias(
        function.function_name, function.alias, version=published.version, revision_id=before.revision_id
    )
    deployed = DeployedFunction(
        package.name, function.function_name, function.alias, published.version, before.version, published.code_sha256
    )
    path = asset_path(deployment.candidate.spec.environment, "function", package.name)
    metadata: dict[str, str | int] = {
        "version": deployed.version, "previous version": deployed.previous_version, "code sha256": deployed.code_sha256,
    }  # fmt: skip
    context.log_event(deployed_asset(path, package.code_sha256, commit, links.run(context.run_id), metadata))
    context.add_output_metadata(metadata)
    return deployed
