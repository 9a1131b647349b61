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
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.notice import success_notice
from deploy_pipeline.core.release import Release, release_name, release_of
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.live_record import read_live, release_key, write_live, write_release
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.slack import Slack
from deploy_pipeline.ops.admission import refuse_to_go_backwards
from deploy_pipeline.ops.announce import own_deployment, tell_github
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.materialize import deployed_asset
from deploy_pipeline.ops.retries import READ
from deploy_pipeline.ops.tell import Tellers, attempt


@dg.op
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


@dg.op(retry_policy=READ, tags={"dagster/kind": "ecr"})
@stage
def promote(
    context: dg.OpExecutionContext,
    deployed: Deployed,
    tests: list[SmokeResult],
    git: dg.ResourceParam[Git],
    ecr: dg.ResourceParam[Ecr],
    object_store: dg.ResourceParam[ObjectStore],
    links: dg.ResourceParam[Links],
    clock: dg.ResourceParam[Clock],
) -> Deployed:
    """Make the deployment the release, and move `latest` on its images: only now, when every smoke test has passed."""
    candidate = deployed.candidate
    refuse_to_go_backwards(git, object_store, candidate)
    release = released(object_store, deployed, context.run_id, clock.now())
    promoted = replace(deployed, release=release.name)
    write_live(object_store, promoted)
    for image in deployed.images:
        ecr.move_tag(image.repository, image.digest, "latest")
        path = asset_path(candidate.spec.environment, "image", image.name)
        event = deployed_asset(path, image.digest, candidate.commit, links.run(context.run_id), {"uri": image.pinned})
        context.log_event(event)
    context.log_event(release_event(candidate, release, links.run(context.run_id)))
    context.add_output_metadata(
        {"release": release.name, "replaced": release.replaced or "nothing", "smoke tests passed": len(tests)}
    )
    return promoted


def released(object_store: ObjectStore, deployed: Deployed, run_id: str, now: datetime) -> Release:
    """The manifest of this run's release, written unless an earlier attempt of it has."""
    spec, name = deployed.candidate.spec, release_name(deployed, run_id)
    before = read_live(object_store, spec)
    replaced = before.release if before and before.release != name else ""
    return write_release(object_store, spec, release_of(deployed, run_id, now, replaced))


def release_event(candidate: Candidate, release: Release, run_url: str) -> dg.AssetMaterialization:
    """What the UI shows of a release: every part with its version, and the way to the part's own history."""
    environment, spec = release.environment, candidate.spec
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
    manifest = f"s3://{spec.aws.ledger_bucket}/{release_key(environment, release.name)}"
    facts = {"manifest": manifest, "replaced": release.replaced or "nothing", "hotfix": release.hotfix or "no"}
    facts |= {f"{kind} {name}": version for (kind, name), version in parts.items()}
    return deployed_asset(release_path(environment), release.name, candidate.commit, run_url, {**facts, **histories})


@dg.op(tags={"dagster/kind": "slack"})
def notify(
    context: dg.OpExecutionContext,
    deployed: Deployed,
    tests: list[SmokeResult],
    github: dg.ResourceParam[GitHub],
    slack: dg.ResourceParam[Slack],
    mail: dg.ResourceParam[Mail],
    links: dg.ResourceParam[Links],
) -> dict[str, str]:
    """Tell Slack, mail and GitHub that the release is live. A channel that fails is shown, and fails nothing."""
    notice = success_notice(deployed, tests, links.run(context.run_id))
    told = Tellers(slack, mail).tell(notice, deployed.candidate.spec.notifications)
    number = own_deployment(context.instance, context.run_id)
    told["github"] = attempt(tell_github, github, deployed.candidate.spec.repository.name, notice, number)
    context.add_output_metadata(told)
    return told
