"""Lambda functions: one branch of the fan-out publishes one version and moves its alias."""

from dataclasses import replace

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
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.function_key import alias_key
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import AliasState, Functions
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.admission import refuse_to_go_backwards
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.materialize import deployed_asset
from deploy_pipeline.ops.reuse import release_of, reused, same_work, work_done


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
    return [
        dg.DynamicOutput(FunctionDeployment(candidate.only(function=package.name), package), mapping_key=package.name)
        for package in packages
    ]


@dg.op(tags={"dagster/kind": "lambda"})
@stage
def deploy_function(
    context: dg.OpExecutionContext,
    deployment: FunctionDeployment,
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    functions: dg.ResourceParam[Functions],
    links: dg.ResourceParam[Links],
    clock: dg.ResourceParam[Clock],
) -> DeployedFunction:
    """Publish the package as a new version and point the alias at it, unless the alias serves just that."""
    function, package, candidate = deployment.function, deployment.package, deployment.candidate
    key, began = alias_key(deployment), clock.monotonic()
    before = functions.alias(function.function_name, function.alias)
    if (live := function_to_take(object_store, functions, deployment, key, before)) and live.work:
        facts = reused([live.work], "the alias serves this code with the function's settings")
        context.add_output_metadata({"version": live.version, **facts})
        return replace(live, previous_version=before.version)
    refuse_to_go_backwards(git, object_store, candidate)
    version = moved(functions, deployment, before)
    work = work_done(context, candidate, key, clock.monotonic() - began)
    deployed = DeployedFunction(
        package.name, function.function_name, function.alias, version, before.version, package.code_sha256, work
    )
    path = asset_path(candidate.spec.environment, "function", package.name)
    metadata: dict[str, str | int] = {
        "version": deployed.version, "previous version": deployed.previous_version, "code sha256": deployed.code_sha256,
    }  # fmt: skip
    event = deployed_asset(path, package.code_sha256, candidate.commit, links.run(context.run_id), metadata)
    context.log_event(event)
    context.add_output_metadata(metadata | key.facts)
    return deployed


def moved(functions: Functions, deployment: FunctionDeployment, before: AliasState) -> str:
    """Publish the package and point the alias, which is as `before` says, at the version."""
    function, package, commit = deployment.function, deployment.package, deployment.candidate.commit
    published = functions.publish(
        function.function_name, bucket=package.bucket, key=package.key, code_sha256=package.code_sha256,
        description=f"{commit.short} {commit.title}"[:256],
    )  # fmt: skip
    functions.move_alias(
        function.function_name, function.alias, version=published.version, revision_id=before.revision_id
    )
    return published.version


def function_to_take(
    object_store: ObjectStore, functions: Functions, deployment: FunctionDeployment, key: ContentKey, alias: AliasState
) -> DeployedFunction | None:
    """The live release's function, when its alias still serves all of that version and nothing newer is to publish."""
    release = release_of(object_store, deployment.candidate)
    name, code = deployment.package.name, deployment.package.code_sha256
    live = next((each for each in release.functions if each.name == name), None) if release else None
    if live is None or not same_work(key, live.work) or alias.version != live.version or alias.routing:
        return None
    return live if functions.is_current(live.function_name, live.version, code) else None
