"""What GitHub hears of a deployment: when it begins and how it ends. It never fails what it tells of."""

from collections.abc import Mapping

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.candidate import Candidate, Deployed
from deploy_pipeline.core.notice import Notice, Outcome
from deploy_pipeline.core.release import Release
from deploy_pipeline.gateways.github import GitHub, StatusState
from deploy_pipeline.ops.tell import NOT_TOLD, attempt

MOST_CONTAINED = 200  # GitHub counts requests by the hour
STATUS_CONTEXT = "deploy-pipeline/deploy"
GITHUB_STATES: dict[Outcome, StatusState] = {
    "success": "success",
    "failure": "failure",
    "canceled": "error",
    "held": "pending",
}


def announce(context: dg.OpExecutionContext, github: GitHub, candidate: Candidate, url: str) -> str:
    """Show the deployment on the commit and in GitHub's list; what could not be shown is only said."""
    return attempt(_announce, context, github, candidate, url)


def _announce(context: dg.OpExecutionContext, github: GitHub, candidate: Candidate, url: str) -> str:
    commit, repository = candidate.commit, candidate.spec.repository.name
    github.set_status(repository, commit.sha, state="pending", context=STATUS_CONTEXT, description="deploying", url=url)
    if own_deployment(context.instance, context.run_id) is None:  # this step may be a retry
        number = github.create_deployment(repository, commit.sha, candidate.spec.environment, commit.title)
        tag = run_tags.owned(context.run_id, str(number))
        context.instance.add_run_tags(context.run_id, {run_tags.GITHUB_DEPLOYMENT: tag})
        github.set_deployment_status(repository, number, state="in_progress", description="deploying", url=url)
    return "deploying"


def own_deployment(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The number of the GitHub deployment that this run opened; a run that repeats another inherits its tags."""
    run = instance.get_run_by_id(run_id)
    number = run_tags.own(run_id, run.tags, run_tags.GITHUB_DEPLOYMENT) if run else None
    return int(number) if number else None


def remember_told(context: dg.OpExecutionContext, told: Mapping[str, str]) -> None:
    """Have the run's own tag say who has heard, so that nobody hears of the same end twice."""
    heard = ",".join(channel for channel, answer in told.items() if not answer.startswith(NOT_TOLD))
    context.instance.add_run_tags(context.run_id, {run_tags.TOLD: run_tags.owned(context.run_id, heard)})


def tell_contained(github: GitHub, deployed: Deployed, release: Release, url: str) -> str:
    """On each merge that went live with a newer one: GitHub's list of it would stay pending, or say that it failed."""
    text, repository = f"deployed with {deployed.candidate.commit.short}", deployed.candidate.spec.repository.name
    for sha in release.contains[-MOST_CONTAINED:]:
        github.set_status(repository, sha, state="success", context=STATUS_CONTEXT, description=text, url=url)
    return f"{min(len(release.contains), MOST_CONTAINED)} of {len(release.contains)} told"


def tell_github(github: GitHub, repository: str, notice: Notice, deployment: int | None) -> str:
    """Close the commit status, and GitHub's deployment where one was opened."""
    state, text, url = GITHUB_STATES[notice.outcome], notice.description, notice.run_url
    github.set_status(repository, notice.commit, state=state, context=STATUS_CONTEXT, description=text, url=url)
    if deployment is not None:
        github.set_deployment_status(repository, deployment, state=state, description=text, url=url)
    return state
