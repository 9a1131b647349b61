"""Lambda functions: one branch of the fan-out publishes one version, and calls it before any traffic reaches it."""

from dataclasses import replace

import dagster as dg

from deploy_pipeline.core.candidate import (
    AppliedStack,
    Candidate,
    DeployedFunction,
    DeployedService,
    FunctionDeployment,
    PackagedFunction,
    Work,
)
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.function_key import alias_key
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.core.spec import FunctionSmokeTest
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import AliasState, Functions
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.admission import enter
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import IDEMPOTENT, NEVER
from deploy_pipeline.ops.reuse import release_of, reused, same_work, work_done
from deploy_pipeline.ops.smoke_calls import call_function


@dg.op(
    retry_policy=NEVER,
    out=dg.DynamicOut(FunctionDeployment),
    description="One branch for each function, once the services run.",
)
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


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "lambda"})
@stage
def publish_function(
    context: dg.OpExecutionContext,
    deployment: FunctionDeployment,
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    functions: dg.ResourceParam[Functions],
    hold: dg.ResourceParam[Hold],
    clock: dg.ResourceParam[Clock],
) -> PublishedFunction:
    """Publish the package as a new version, unless the alias serves just that, and call it before any traffic does."""
    function, candidate = deployment.function, deployment.candidate
    key, began = alias_key(deployment), clock.monotonic()
    before = functions.alias(function.function_name, function.alias)
    if (live := function_to_take(object_store, functions, deployment, key, before)) and live.work:
        facts = reused([live.work], "the alias serves this code with the function's settings")
        context.add_output_metadata({"version": live.version, **facts})
        return published(deployment, before, live.version, serving=replace(live, previous_version=before.version))
    enter(hold, git, candidate)
    version = new_version(hold.fenced(functions), deployment)
    tested = smoke_tested(functions, deployment, version)
    work = work_done(context, candidate, key, clock.monotonic() - began)
    context.add_output_metadata({
        "version": version, "stable version": before.version, "code sha256": deployment.package.code_sha256,
        "smoke tests passed": tested, **key.facts,
    })  # fmt: skip
    return published(deployment, before, version, work=work)


def new_version(functions: Functions, deployment: FunctionDeployment) -> str:
    """Publish the package."""
    package, commit = deployment.package, deployment.candidate.commit
    return functions.publish(
        deployment.function.function_name, bucket=package.bucket, key=package.key, code_sha256=package.code_sha256,
        description=f"{commit.short} {commit.title}"[:256],
    ).version  # fmt: skip


def smoke_tested(functions: Functions, deployment: FunctionDeployment, version: str) -> int:
    """Call the version itself with the events of the function's smoke tests; how many. Raises DeployError."""
    name, tests = deployment.function.function_name, deployment.candidate.spec.smoke_tests
    own = [test for test in tests if isinstance(test, FunctionSmokeTest)]
    for test in own:
        judgement = call_function(functions, test, name, version)
        if not judgement.passed:
            raise DeployError(
                f"version {version} fails smoke test {test.name}: {judgement.detail}", where=f"function {name}",
                todo="no traffic has reached it; correct the function, and merge that",
            )  # fmt: skip
    return len(own)


def published(
    deployment: FunctionDeployment,
    before: AliasState,
    version: str,
    *,
    work: Work | None = None,
    serving: DeployedFunction | None = None,
) -> PublishedFunction:
    """The function between its two versions; it serves already where both are the same."""
    function, package = deployment.function, deployment.package
    done = PublishedFunction(
        package.name, function.function_name, function.alias, version, before.version, before.revision_id,
        package.code_sha256, function.canary and version != before.version, work, serving,
    )  # fmt: skip
    alone = version == before.version and not before.routing
    return replace(done, serving=serving or done.deployed) if alone else done


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
