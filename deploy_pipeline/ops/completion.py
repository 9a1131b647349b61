"""The last steps: what is deployed becomes the release, pointers move, and people are told."""

import dagster as dg

from deploy_pipeline.core import run_tags
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
from deploy_pipeline.core.notice import Notice, Outcome, success_notice
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.github import GitHub, StatusState
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.slack import Slack
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.candidate import STATUS_CONTEXT
from deploy_pipeline.ops.record import write_live
from deploy_pipeline.ops.retries import READ
from deploy_pipeline.ops.tell import Tellers, attempt

GITHUB_STATES: dict[Outcome, StatusState] = {"success": "success", "failure": "failure", "canceled": "error"}


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
    ecr: dg.ResourceParam[Ecr],
    object_store: dg.ResourceParam[ObjectStore],
) -> Deployed:
    """Record the deployment as live and move `latest` on its images: only now, when every smoke test has passed."""
    write_live(object_store, deployed)
    for image in deployed.images:
        ecr.move_tag(image.repository, image.digest, "latest")
    context.add_output_metadata({"live": deployed.candidate.commit.sha, "smoke tests passed": len(tests)})
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
    tags = context.instance.get_run_by_id(context.run_id)
    number = tags.tags.get(run_tags.GITHUB_DEPLOYMENT) if tags else None
    told["github"] = attempt(tell_github, github, deployed.candidate.spec.repository.name, notice, number)
    context.add_output_metadata(told)
    return told


def tell_github(github: GitHub, repository: str, notice: Notice, deployment: str | None) -> str:
    """Close the commit status, and GitHub's deployment where one was opened."""
    state, text, url = GITHUB_STATES[notice.outcome], notice.description, notice.run_url
    github.set_status(repository, notice.commit, state=state, context=STATUS_CONTEXT, description=text, url=url)
    if deployment is not None:
        github.set_deployment_status(repository, int(deployment), state=state, description=text, url=url)
    return state
