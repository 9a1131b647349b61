"""The last steps: what is deployed becomes the release, pointers move, and people are told."""

from dataclasses import replace
from datetime import datetime

import dagster as dg

from deploy_pipeline.core.asset_keys import AssetKind, asset_path, release_path
from deploy_pipeline.core.candidate import (
    AppliedStack,
    Candidate,
    Deployed,
    DeployedFunction,
    DeployedService,
    PackagedFunction,
    PushedImage,
    SmokeResult,
)
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import deployment_id
from deploy_pipeline.core.ledger.head import Live
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.notice import success_notice
from deploy_pipeline.core.release import Release, release_of
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.slack import Slack
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.settlement import LATEST
from deploy_pipeline.ops.admission import enter
from deploy_pipeline.ops.announce import own_deployment, remember_told, tell_live
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.live import function_differences, service_differences, traffic_differences
from deploy_pipeline.ops.materialize import deployed_asset
from deploy_pipeline.ops.retries import IDEMPOTENT, NEVER
from deploy_pipeline.ops.tell import Tellers, attempt


@dg.op(retry_policy=NEVER)
def gather_deployed(
    candidate: Candidate,
    images: list[PushedImage],
    packages: list[PackagedFunction],
    stacks: list[AppliedStack],
    services: list[DeployedService],
    published: list[PublishedFunction],  # not read: see ADR 20
    functions: list[DeployedFunction],
) -> Deployed:
    """Bring the results of all branches together."""
    return Deployed(candidate, tuple(images), tuple(stacks), tuple(functions), tuple(services), tuple(packages))


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "ecr"})
@stage
def promote(
    context: dg.OpExecutionContext,
    deployed: Deployed,
    tests: list[SmokeResult],
    git: dg.ResourceParam[Git],
    ecr: dg.ResourceParam[Ecr],
    functions: dg.ResourceParam[Functions],
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
    clock: dg.ResourceParam[Clock],
) -> Deployed:
    """Make the deployment the release, and move `latest` on its images: only now, when every smoke test has passed."""
    candidate = deployed.candidate
    enter(hold, git, candidate)
    refuse_what_does_not_serve(deployed, candidate.spec, functions, services, load_balancers)
    release = released(hold.ledger, git, deployed, context.run_id, clock.now())
    promoted = made_live(context, hold, deployed, release, links)
    for image in deployed.images:
        hold.fenced(ecr).move_tag(image.repository, image.digest, LATEST)
        path = asset_path(candidate.spec.environment, "image", image.name)
        event = deployed_asset(path, image.digest, candidate.commit, links.run(context.run_id), {"uri": image.pinned})
        context.log_event(event)
    context.add_output_metadata(
        {"release": release.name, "replaced": release.replaced or "nothing", "smoke tests passed": len(tests)}
    )
    return promoted


def made_live(
    context: dg.OpExecutionContext, hold: Hold, deployed: Deployed, release: Release, links: Links
) -> Deployed:
    """Keep everything that was put in place, and make it what is live."""
    candidate, made = deployed.candidate, replace(deployed, release=release.name)
    hold.ledger.write_deployed(made)
    hold.promote(Live(release.name, candidate.commit.sha))
    manifest = f"s3://{candidate.spec.aws.ledger_bucket}/{hold.ledger.release_key(release.name)}"
    context.log_event(release_event(candidate, release, manifest, links.run(context.run_id)))
    return made


def refuse_what_does_not_serve(
    deployed: Deployed, place: Spec, functions: Functions, services: Services, balancers: LoadBalancers
) -> None:
    """A release is what AWS runs, not what an earlier step has said: a run that was continued later has old values,

    and a person may have moved something meanwhile. `place` says where services are.
    """
    differences = [
        *function_differences(deployed, functions), *service_differences(deployed.services, services),
        *traffic_differences(deployed.services, place, balancers),
    ]  # fmt: skip
    if differences:
        raise DeployError(
            "; ".join(differences), where=deployed.candidate.spec.environment,
            todo="launch the deployment again from its start; what did not change is taken over",
        )  # fmt: skip


def released(ledger: Ledger, git: Git, deployed: Deployed, run_id: str, now: datetime) -> Release:
    """The manifest of this run's release, written unless an earlier attempt of it has."""
    before, sha = ledger.head().head.live, deployed.candidate.commit.sha
    name = deployment_id(sha, run_id)
    replaced = before.release if before and before.release != name else ""
    merged = git.merges(before.commit, sha)[:-1] if before else ()
    return ledger.write_release(release_of(deployed, run_id, now, replaced, contains=merged))


def release_event(candidate: Candidate, release: Release, manifest: str, run_url: str) -> dg.AssetMaterialization:
    """What the UI shows of a release: every part with its version, and the way to the part's own history."""
    environment = release.environment
    parts: dict[tuple[AssetKind, str], str] = {
        ("image", name): uri for name, uri in release.images.items()
    } | {
        ("function", name): f"version {one.version}" for name, one in release.functions.items()
    } | {
        ("service", name): one.task_definition for name, one in release.services.items()
    } | {
        ("terraform", name): f"serial {one.serial}" for name, one in release.stacks.items()
    }  # fmt: skip
    histories = {
        f"history of {kind} {name}": dg.MetadataValue.asset(dg.AssetKey(asset_path(environment, kind, name)))
        for kind, name in parts
    }
    facts = {"manifest": manifest, "replaced": release.replaced or "nothing", "hotfix": release.hotfix or "no"}
    facts |= {f"{kind} {name}": version for (kind, name), version in parts.items()}
    return deployed_asset(release_path(environment), release.name, candidate.commit, run_url, {**facts, **histories})


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "slack"})
def notify(
    context: dg.OpExecutionContext,
    deployed: Deployed,
    tests: list[SmokeResult],
    github: dg.ResourceParam[GitHub],
    slack: dg.ResourceParam[Slack],
    mail: dg.ResourceParam[Mail],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
) -> dict[str, str]:
    """Tell Slack, mail and GitHub that the release is live. One that cannot be told is told later."""
    notice = success_notice(deployed, tests, links.run(context.run_id))
    told = Tellers(slack, mail).tell(notice, deployed.candidate.spec.notifications)
    number = own_deployment(context.instance, context.run_id)
    repository, release = deployed.candidate.spec.repository.name, hold.ledger.release(deployed.release)
    told["github"] = attempt(tell_live, github, repository, notice, number, release)
    remember_told(context, told)
    context.add_output_metadata(told)
    return told
