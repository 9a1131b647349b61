"""What GitHub hears of a deployment: when it begins and how it ends. It never fails what it tells of."""

from collections.abc import Mapping

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.candidate import Candidate
from deploy_pipeline.core.notice import Notice, Outcome
from deploy_pipeline.core.release import Release
from deploy_pipeline.gateways.github import GitHub, StatusState
from deploy_pipeline.gateways.ledger import Ledger
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
    """Have the run's own tag say who has heard, so that nobody hears of the same end twice, and nobody is forgotten."""
    heard = [channel for channel, answer in told.items() if not answer.startswith(NOT_TOLD)]
    tags = {run_tags.TOLD: run_tags.owned(context.run_id, ",".join(heard))}
    context.instance.add_run_tags(context.run_id, tags | ({run_tags.UNTOLD: "yes"} if len(heard) < len(told) else {}))


def tell_live(github: GitHub, repository: str, notice: Notice, deployment: int | None, release: Release | None) -> str:
    """That a commit is live, and each merge that went live with it: GitHub would show it as pending, or as failed."""
    state = tell_github(github, repository, notice, deployment)
    contained = release.contains[-MOST_CONTAINED:] if release else ()
    text = f"deployed with {notice.commit[:12]}"
    for sha in contained:
        github.set_status(
            repository, sha, state="success", context=STATUS_CONTEXT, description=text, url=notice.run_url
        )
    return f"{state}, as {len(contained)} merges that it contains" if contained else state


def tell_undone(instance: dg.DagsterInstance, github: GitHub, ledger: Ledger, now: Release, repository: str,
                url: str) -> str:  # fmt: skip
    """On the commit that serves again, and on each that a rollback took back."""
    before = ledger.release(now.replaced)
    if before is None or before.commit == now.commit:
        return "the commit still is the one that is live: a part of it went back"
    github.set_status(
        repository, now.commit, state="success", context=STATUS_CONTEXT, description="serves again", url=url
    )
    text = f"rolled back to {now.commit[:12]}"
    undone = taken_back(ledger, now)
    for sha in undone:
        github.set_status(repository, sha, state="failure", context=STATUS_CONTEXT, description=text, url=url)
        runs = instance.get_runs(filters=dg.RunsFilter(tags={run_tags.COMMIT: sha}))
        for number in (own_deployment(instance, run.run_id) for run in runs):
            if number is not None:
                github.set_deployment_status(repository, number, state="inactive", description=text, url=url)
    return f"{len(undone)} commits rolled back"


def taken_back(ledger: Ledger, now: Release) -> list[str]:
    """The commits (full SHAs) that do not serve any more: of every release since the one that serves again.

    A rollback among them has the commit of an earlier release, which this one contains.
    """
    found: list[str] = []
    name = now.replaced
    while name and name != now.restores and (release := ledger.release(name)):
        found += [] if release.restores else [release.commit, *reversed(release.contains)]
        name = release.replaced
    return found[:MOST_CONTAINED]


def tell_github(github: GitHub, repository: str, notice: Notice, deployment: int | None) -> str:
    """Close the commit status, and GitHub's deployment where one was opened."""
    state, text, url = GITHUB_STATES[notice.outcome], notice.description, notice.run_url
    github.set_status(repository, notice.commit, state=state, context=STATUS_CONTEXT, description=text, url=url)
    if deployment is not None:
        github.set_deployment_status(repository, deployment, state=state, description=text, url=url)
    return state
