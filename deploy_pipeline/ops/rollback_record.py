"""The last steps of a rollback: what serves again becomes the release, and people are told."""

from dataclasses import replace

import dagster as dg

from deploy_pipeline.core.candidate import AppliedStack, Deployed, DeployedFunction, DeployedService
from deploy_pipeline.core.ledger.rollback import Rollback, parts_since
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.notice import success_notice
from deploy_pipeline.core.release import release_of
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.slack import Slack
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.settlement import pointed
from deploy_pipeline.ops.announce import remember_told, tell_undone
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.completion import made_live, refuse_what_does_not_serve
from deploy_pipeline.ops.retries import IDEMPOTENT, NEVER
from deploy_pipeline.ops.tell import Tellers, attempt
from deploy_pipeline.rollout.blue_green import drain_all
from deploy_pipeline.rollout.service_health import ServiceHealth


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "s3"})
@stage
def record_rollback(
    context: dg.OpExecutionContext,
    rollback: Rollback,
    moved_functions: list[DeployedFunction],
    moved_services: list[DeployedService],
    moved_stacks: list[AppliedStack],
    functions: dg.ResourceParam[Functions],
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    ecr: dg.ResourceParam[Ecr],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
    clock: dg.ResourceParam[Clock],
) -> Deployed:
    """Make what serves again the release that is live."""
    done = rollback.done(moved_functions, moved_services, moved_stacks)
    refuse_what_does_not_serve(done, rollback.live.candidate.spec, functions, services, load_balancers)
    root = hold.ledger.release(rollback.target.release)
    restores = root.restores or root.name if root else ""
    parts = parts_since(rollback.only, hold.ledger.release(rollback.live.release), restores)
    manifest = release_of(
        done, context.run_id, clock.now(), rollback.live.release, restores=restores, parts=parts
    )  # fmt: skip
    recorded = made_live(context, hold, done, hold.ledger.write_release(manifest), links)
    latest = [said for image in recorded.images if (said := pointed(hold.fenced(ecr), image))]
    context.add_output_metadata({
        "release": recorded.release, "instead of": rollback.live.release, "restores": restores,
        "latest": "; ".join(latest) or "moved",
    })  # fmt: skip
    return recorded


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "ecs"})
@stage
def drain_rolled_back(
    context: dg.OpExecutionContext,
    recorded: Deployed,
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    web: dg.ResourceParam[Web],
    hold: dg.ResourceParam[Hold],
    clock: dg.ResourceParam[Clock],
) -> list[str]:
    """Remove the tasks of the colours that nobody is sent to any more, and end the record."""
    health = ServiceHealth(hold.fenced(services), hold.fenced(load_balancers), web, clock, context.log.info)
    drained = drain_all(health, recorded.candidate.spec.services.values())
    hold.end("live", "rolled back to")
    context.add_output_metadata({"drained": ", ".join(drained) or "nothing"})
    return drained


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "slack"})
def notify_rollback(
    context: dg.OpExecutionContext,
    rollback: Rollback,
    recorded: Deployed,
    github: dg.ResourceParam[GitHub],
    slack: dg.ResourceParam[Slack],
    mail: dg.ResourceParam[Mail],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
) -> dict[str, str]:
    """Tell Slack and mail what serves again, and GitHub that the other release does not any more."""
    url = links.run(context.run_id)
    notice = replace(success_notice(recorded, [], url, subject="Rollback"), reason=rollback.reason)
    told = Tellers(slack, mail).tell(notice, recorded.candidate.spec.notifications)
    repository, release = rollback.live.candidate.spec.repository.name, hold.ledger.release(recorded.release)
    if release is not None:
        told["github"] = attempt(tell_undone, context.instance, github, hold.ledger, release, repository, url)
    remember_told(context, told)
    context.add_output_metadata(told)
    return told
