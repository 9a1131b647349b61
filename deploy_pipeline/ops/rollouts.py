"""The rollout of a release's functions: their traffic moves step by step, watched, all of them or none."""

import dagster as dg

from deploy_pipeline.core.asset_keys import asset_path
from deploy_pipeline.core.candidate import Candidate, DeployedFunction, DeployedService
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import FunctionMove
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.metrics import Metrics
from deploy_pipeline.gateways.run_log import WAITED_FOR
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.ledger.ear import LedgerEar
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.admission import enter
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.live import service_differences, traffic_differences
from deploy_pipeline.ops.materialize import deployed_asset
from deploy_pipeline.ops.retries import NEVER
from deploy_pipeline.ops.rollout_watch import Watch
from deploy_pipeline.rollout.function_rollout import FunctionRollout

BAKED = f"{WAITED_FOR}bake"


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "lambda"})
@stage
def roll_out_functions(
    context: dg.OpExecutionContext,
    candidate: Candidate,
    moved_services: list[DeployedService],
    published: list[PublishedFunction],
    git: dg.ResourceParam[Git],
    functions: dg.ResourceParam[Functions],
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    metrics: dg.ResourceParam[Metrics],
    hold: dg.ResourceParam[Hold],
    clock: dg.ResourceParam[Clock],
    metrics_clock: dg.ResourceParam[Clock],
    links: dg.ResourceParam[Links],
) -> list[DeployedFunction]:
    """Give the new versions a part of the traffic, watch them, and move all of it: of all functions, or of none."""
    moving = [each for each in published if each.serving is None]
    if moving:
        began, ear = clock.monotonic(), LedgerEar(hold, "functions", context.log.info)
        watch = Watch(context, candidate, metrics_clock, ear)
        enter(hold, git, candidate)
        refuse_beside_other_services(candidate, moved_services, services, load_balancers)
        refuse_while_alarms_fire(metrics, candidate, moving)
        hold.move_functions([moved_function(each) for each in moving])
        first = hold.ledger.head().head.live is None
        fenced = hold.fenced(functions)
        rollout = FunctionRollout(fenced, metrics, metrics_clock, watch.look, context.log.info, watch.ask, ear)
        rollout.run(candidate.spec.rollout, moving, compared=not first, relative=bool(candidate.hotfix))
        context.add_output_metadata(watch.metadata() | ear.kept() | {BAKED: clock.monotonic() - began})
    for each in moving:
        context.log_event(function_asset(candidate, each, links.run(context.run_id)))
    return [each.deployed for each in published]


def moved_function(each: PublishedFunction) -> FunctionMove:
    """What the ledger knows of it before it moves."""
    return FunctionMove(each.name, each.function_name, each.alias, each.stable, each.version)


def function_asset(candidate: Candidate, moved: PublishedFunction, run_url: str) -> dg.AssetMaterialization:
    """The event that says which version serves."""
    path = asset_path(candidate.spec.environment, "function", moved.name)
    metadata = {"version": moved.version, "previous version": moved.stable, "code sha256": moved.code_sha256}
    return deployed_asset(path, moved.code_sha256, candidate.commit, run_url, metadata)


def refuse_beside_other_services(
    candidate: Candidate, moved: list[DeployedService], services: Services, balancers: LoadBalancers
) -> None:
    """In a run that goes on from a failure, services have been returned since they were moved: functions never serve

    beside those of before.
    """
    differences = [*service_differences(moved, services), *traffic_differences(moved, candidate.spec, balancers)]
    if differences:
        raise DeployError(
            "; ".join(differences), where="rollout of functions",
            todo="launch the deployment again from its start; what did not change is taken over",
        )  # fmt: skip


def refuse_while_alarms_fire(metrics: Metrics, candidate: Candidate, moving: list[PublishedFunction]) -> None:
    """Nobody could tell an alarm of today from one of the new version. A hotfix, with its reason, goes out anyway."""
    ours = {("FunctionName", each.function_name) for each in moving}
    firing = [alarm for alarm in metrics.firing() if ours.intersection(alarm.dimensions)]
    if firing and not candidate.hotfix:
        raise DeployError(
            "; ".join(f"alarm {alarm.name} fires: {alarm.reason}" for alarm in firing), where="rollout of functions",
            todo="wait until it is over; a commit that ends it is launched with `hotfix: <why>` in resolve_candidate",
        )  # fmt: skip
