"""ECS services: one branch of the fan-out moves one service to its new task definition and proves that it answers."""

from dataclasses import replace

import dagster as dg

from deploy_pipeline.core.asset_keys import asset_path
from deploy_pipeline.core.candidate import (
    AppliedStack,
    Candidate,
    Deployed,
    DeployedService,
    PushedImage,
    ServiceDeployment,
)
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.service_key import service_key
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.run_log import WAITED_FOR
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.ledger.ear import LedgerEar
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.admission import enter
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.materialize import deployed_asset
from deploy_pipeline.ops.retries import IDEMPOTENT, NEVER
from deploy_pipeline.ops.reuse import release_of, reused, same_work, work_done
from deploy_pipeline.ops.service_rollout import ServiceRollout, moving
from deploy_pipeline.rollout.blue_green import drain_all
from deploy_pipeline.rollout.rolling_update import newest_of
from deploy_pipeline.rollout.service_health import ServiceHealth

BAKED = f"{WAITED_FOR}bake"


@dg.op(
    retry_policy=NEVER,
    out=dg.DynamicOut(ServiceDeployment),
    description="One branch for each service, once Terraform has been applied.",
)
def fan_out_services(
    candidate: Candidate, images: list[PushedImage], applied: list[AppliedStack]
) -> list[dg.DynamicOutput[ServiceDeployment]]:
    """One branch for each service, once Terraform has been applied."""
    by_name = {image.name: image for image in images}
    return [
        dg.DynamicOutput(
            ServiceDeployment(candidate.only(service=name), name, by_name[service.image]), mapping_key=name
        )
        for name, service in candidate.spec.services.items()
    ]


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "ecs"})
@stage
def deploy_service(
    context: dg.OpExecutionContext,
    deployment: ServiceDeployment,
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    web: dg.ResourceParam[Web],
    clock: dg.ResourceParam[Clock],
    metrics_clock: dg.ResourceParam[Clock],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
) -> DeployedService:
    """Move the service to the task definition of its new image: to its other colour where it has two, else in place."""
    candidate, began = deployment.candidate, clock.monotonic()
    fenced = hold.fenced(services), hold.fenced(load_balancers)
    target = newest_of(services, deployment)
    health = ServiceHealth(*fenced, web, clock, context.log.info)
    ear = LedgerEar(hold, f"service {deployment.name}", context.log.info)
    rollout = ServiceRollout(deployment, health, metrics_clock, moving(hold, deployment, target.arn), ear)
    key = service_key(deployment, target.arn)
    if (live := service_to_take(object_store, rollout, key)) and live.work:
        facts = reused([live.work], "every task runs this task definition and answers")
        context.add_output_metadata({"task definition": live.task_definition, **facts})
        return replace(live, previous_task_definition=live.task_definition)
    enter(hold, git, candidate)
    deployed, words = rollout.run(target), ear.kept()
    metadata: dict[str, str | int] = {
        "service": deployed.service, "task definition": deployed.task_definition,
        "previous": deployed.previous_task_definition, "image": deployed.image, "running": deployed.running,
    }  # fmt: skip
    path, version = asset_path(candidate.spec.environment, "service", deployment.name), target.arn.rsplit("/", 1)[-1]
    context.log_event(deployed_asset(path, version, candidate.commit, links.run(context.run_id), metadata))
    context.add_output_metadata(metadata | words | key.facts | {BAKED: rollout.baked_seconds})
    seconds = clock.monotonic() - began - rollout.baked_seconds
    return replace(deployed, work=work_done(context, candidate, key, seconds))


def service_to_take(object_store: ObjectStore, rollout: ServiceRollout, key: ContentKey) -> DeployedService | None:
    """The live release's service, when all of it still runs that task definition and is healthy."""
    deployment = rollout.deployment
    release = release_of(object_store, deployment.candidate)
    live = next((each for each in release.services if each.name == deployment.name), None) if release else None
    if live is None or not same_work(key, live.work):
        return None
    return live if rollout.serves(live.task_definition) else None


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "ecs"})
@stage
def drain_services(
    context: dg.OpExecutionContext,
    deployed: Deployed,
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    web: dg.ResourceParam[Web],
    git: dg.ResourceParam[Git],
    hold: dg.ResourceParam[Hold],
    clock: dg.ResourceParam[Clock],
) -> list[str]:
    """Remove the tasks of the colours that served before: only now, when what serves is the release."""
    enter(hold, git, deployed.candidate)
    fenced = hold.fenced(services), hold.fenced(load_balancers)
    health = ServiceHealth(*fenced, web, clock, context.log.info)
    drained = drain_all(health, deployed.candidate.spec.services.values())
    hold.end("live", "promoted")
    context.add_output_metadata({"drained": ", ".join(drained) or "nothing"})
    return drained
