"""Whether a commit may go out: merged, for this pipeline, and never backwards. Each refusal says what to do instead."""

from deploy_pipeline.core.candidate import Candidate
from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.run_log import WAITED_FOR
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.sources import checked_out


def refuse_what_is_not_merged(github: GitHub, git: Git, home: Spec, commit: Commit, head: str) -> None:
    """Only what is on the deployed branch was reviewed: GitHub hands out the commits of pull requests, too."""
    checked_out(github, git, home.repository.name, head)
    if commit.sha == head:
        return
    checked_out(github, git, home.repository.name, commit.sha)
    if not git.is_ancestor(commit.sha, head):
        raise DeployError(
            f"{commit.short} is not on {home.repository.branch}",
            where=home.repository.name,
            todo="merge it first, then deploy the result",
        )


def refuse_another_home(home: Spec, spec: Spec) -> None:
    """A commit cannot move the pipeline: it watches, records and tells by its own copy of the spec."""
    kept = {"environment", "repository", "aws"}
    differing = [key for key in sorted(kept) if getattr(home, key) != getattr(spec, key)]
    if differing:
        raise DeployError(
            f"the commit's deploy.yaml differs from the pipeline's own in: {', '.join(differing)}",
            where="deploy.yaml",
            todo="change the pipeline's own deploy.yaml and restart it, then merge",
        )


def waiting_facts(hold: Hold) -> dict[str, float]:
    """What an output shows of the wait for the environment, where there was one."""
    return {f"{WAITED_FOR}lock": round(hold.lease.waited, 1)} if hold.lease.waited else {}


def enter(hold: Hold, git: Git, candidate: Candidate) -> None:
    """Have the environment for this deployment, and refuse to go backwards. Asked before each change of production:

    a step may run long after the first one, in a run that was started again after another release went out.
    """
    hold.begin(candidate.commit)
    hold.check()
    commit, live = candidate.commit, hold.ledger.head().head.live
    if live is None or live.commit == commit.sha:
        return
    if not git.is_ancestor(live.commit, commit.sha):
        raise DeployError(
            f"{commit.short} does not contain the live commit {live.commit[:12]}",
            where=candidate.spec.environment,
            todo="merge main into it and deploy the result; to go back is a rollback, not a deployment",
        )
