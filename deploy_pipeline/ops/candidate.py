"""The first steps of a deployment: which commit, what it carries, and whether it may go out at all."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.candidate import Candidate, FunctionTask, ImageTask
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.admission import enter, refuse_another_home, refuse_what_is_not_merged, waiting_facts
from deploy_pipeline.ops.announce import announce
from deploy_pipeline.ops.approval import Merges, hold_back
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.holding import begun_later
from deploy_pipeline.ops.retries import NEVER, READ
from deploy_pipeline.ops.sources import checked_out


class DeployConfig(dg.Config):
    """What to deploy."""

    commit: str = Field(
        default="", description="Full SHA of a commit on the deployed branch; empty: the branch's head."
    )
    force: bool = Field(
        default=False, description="Do every stage's work again, also what would only give the live release's results."
    )
    hotfix: str = Field(
        default="",
        description="Why it goes out although an alarm fires; it is judged against the stable version alone.",
    )


@dg.op(retry_policy=READ, tags={"dagster/kind": "github"})
@stage
def resolve_candidate(
    context: dg.OpExecutionContext,
    config: DeployConfig,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
    clock: dg.ResourceParam[Clock],
) -> Candidate:
    """Find the commit, read the spec that it carries, have the environment for it, and refuse to go backwards."""
    repository = home_spec.repository
    head = head_of(github, repository.name, repository.branch)
    commit = github.commit(repository.name, config.commit or head)
    context.instance.add_run_tags(context.run_id, run_tags.commit_tags(commit, home_spec.environment))
    refuse_what_is_not_merged(github, git, home_spec, commit, head)
    spec = read_spec(checked_out(github, git, repository.name, commit.sha))
    candidate = Candidate(commit, spec, config.force, config.hotfix)
    refuse_another_home(home_spec, candidate.spec)
    hold_back(context, Merges(github, git, hold.ledger, home_spec), candidate, clock.now())
    with begun_later(context):
        enter(hold, git, candidate)
    refuse_what_is_a_repetition(context, hold, candidate)
    told = announce(context, github, candidate, links.run(context.run_id))
    context.add_output_metadata(
        {"commit": dg.MetadataValue.url(commit.url), "title": commit.title, "author": commit.author,
         "pull request": commit.pull_request or "-", "environment": home_spec.environment, "github": told}
        | waiting_facts(hold)
    )  # fmt: skip
    return candidate


def refuse_what_is_a_repetition(context: dg.OpExecutionContext, hold: Hold, candidate: Candidate) -> None:
    """Two daemons can ask for one run at the same moment, and Dagster makes two. The first has deployed the commit."""
    key, live = context.run.tags.get(run_tags.RUN_KEY), hold.ledger.head().head.live
    if context.run.parent_run_id is not None:  # a person wants it again, and the tags are inherited
        return
    if key is None or live is None or live.commit != candidate.commit.sha:
        return
    release = hold.ledger.release(live.release)
    other = context.instance.get_run_by_id(release.run_id) if release else None
    if other is None or other.run_id == context.run_id or other.tags.get(run_tags.RUN_KEY) != key:
        return
    tag = run_tags.owned(context.run_id, other.run_id)
    context.instance.add_run_tags(context.run_id, {run_tags.REPEATS: tag})
    raise DeployError(
        f"run {other.run_id} was asked for with the same key, and has deployed {candidate.commit.short} already",
        where=candidate.spec.environment, todo="nothing for this commit; see that only one Dagster daemon runs",
    )  # fmt: skip


def head_of(github: GitHub, repository: str, branch: str) -> str:
    """The SHA that the branch points at now."""
    head = github.branch_head(repository, branch, None)
    if head is None:
        raise DeployError("GitHub answered 'not modified' to an unconditional request", where=f"{repository}@{branch}")
    return head.sha


def read_spec(checkout: Path) -> Spec:
    """The spec of the commit that is being deployed."""
    file = checkout / "deploy.yaml"
    if not file.is_file():
        raise DeployError("the commit has no deploy.yaml", where=checkout.name, todo="add one: see docs/spec.md")
    return load_spec(file.read_bytes(), "deploy.yaml")


@dg.op(retry_policy=NEVER, out=dg.DynamicOut(ImageTask), description="One branch for each image of the spec.")
def fan_out_images(candidate: Candidate) -> list[dg.DynamicOutput[ImageTask]]:
    """One branch for each image of the spec."""
    return [
        dg.DynamicOutput(ImageTask(candidate.only(image=name), name), mapping_key=name)
        for name in candidate.spec.images
    ]


@dg.op(retry_policy=NEVER, out=dg.DynamicOut(FunctionTask), description="One branch for each function of the spec.")
def fan_out_functions(candidate: Candidate) -> list[dg.DynamicOutput[FunctionTask]]:
    """One branch for each function of the spec."""
    return [
        dg.DynamicOutput(FunctionTask(candidate.only(function=name), name), mapping_key=name)
        for name in candidate.spec.functions
    ]
