"""The last steps: what is deployed becomes the release, pointers move, and people are told."""

import dagster as dg

from deploy_pipeline.core.asset_keys import asset_path
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
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.live_record import write_live
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
) -> Deployed:
    """Record the deployment as live and move `latest` on its images: only now, when every smoke test has passed."""
    candidate = deployed.candidate
    refuse_to_go_backwards(git, object_store, candidate)
    write_live(object_store, deployed)
    for image in deployed.images:
        ecr.move_tag(image.repository, image.digest, "latest")
        path = asset_path(candidate.spec.environment, "image", image.name)
        event = deployed_asset(path, image.digest, candidate.commit, links.run(context.run_id), {"uri": image.pinned})
        context.log_event(event)
    context.add_output_metadata({"live": candidate.commit.sha, "smoke tests passed": len(tests)})
    return deployed


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
