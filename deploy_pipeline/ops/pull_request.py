"""The first steps of a validation: which head against which base, and what its checks need. The head is not run."""

from collections.abc import Sequence
from dataclasses import replace

import dagster as dg
from pydantic import Field

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.environment import prepared_environment
from deploy_pipeline.checks.trees import prepare_trees
from deploy_pipeline.core import run_tags
from deploy_pipeline.core.checks.catalogue import enabled, tools_of
from deploy_pipeline.core.checks.subject import PullRequest, Subject
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.candidate import head_of, read_spec
from deploy_pipeline.ops.progress import show
from deploy_pipeline.ops.retries import READ
from deploy_pipeline.ops.sources import checked_out
from deploy_pipeline.ops.tell_checks import tell_begun

MOST_OVERRULED = 100


class ValidateConfig(dg.Config):
    """What to validate."""

    pull_request: int = Field(description="Number of an open pull request.")
    head: str = Field(default="", description="Full SHA of its head; empty: whatever its head is now.")
    authorised: bool = Field(
        default=False,
        description="Whether this very head may be planned and built, which needs credentials and the network.",
    )


@dg.op(retry_policy=READ, tags={"dagster/kind": "github"})
@stage
def resolve_pull_request(
    context: dg.OpExecutionContext,
    config: ValidateConfig,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    workspace: dg.ResourceParam[Workspace],
    links: dg.ResourceParam[Links],
) -> Subject:
    """Find the head and its base, read the base branch's spec, and lay out the trees that the checks look at."""
    repository = home_spec.repository.name
    pull = open_pull_request(github, home_spec, config)
    context.instance.add_run_tags(context.run_id, run_tags.validation_tags(pull, config.authorised))
    head, base = (checked_out(github, git, repository, sha) for sha in (pull.head, pull.base))
    merge_base = git.merge_base(pull.base, pull.head)
    before = checked_out(github, git, repository, merge_base)
    folder = workspace.validation(context.run_id)
    workspace.discard(folder)  # this step may be a retry
    tree, overruled = prepare_trees(head, base, folder)
    changes = git.changes(merge_base, pull.head)
    changed = {change.path for change in changes}
    subject = Subject(
        repository, pull.head, merge_base, str(tree), str(before), read_spec(base), changes, config.authorised, pull,
        tuple(path for path in overruled if path in changed),
    )  # fmt: skip
    context.instance.add_run_tags(context.run_id, {run_tags.VALIDATION_CHECKS: ",".join(enabled(subject.spec))})
    told = tell_begun(github, subject, links.run(context.run_id))
    context.add_output_metadata(
        {"pull request": dg.MetadataValue.url(pull.url), "title": pull.title, "author": pull.author,
         "head": pull.head, "base": pull.base, "merge base": merge_base, "changed files": len(subject.changes),
         "trusted": config.authorised, "taken from the base branch": shortened(overruled) or "-", "github": told}
    )  # fmt: skip
    return subject


def open_pull_request(github: GitHub, home_spec: Spec, config: ValidateConfig) -> PullRequest:
    """The pull request as it is now; one that is closed or has moved on is not validated."""
    found = github.pull_request(home_spec.repository.name, config.pull_request)
    pull, where = found.pull_request, f"pull request {config.pull_request}"
    if config.authorised and not config.head:
        todo = "give the full SHA of the head that you have looked at as `head`"
        raise DeployError("a head that may be planned and built has to be named", where=where, todo=todo)
    if not found.open:
        raise DeployError("is not open any more", where=where, todo="nothing: there is nothing to validate")
    if pull.base_branch != home_spec.repository.branch:
        todo = f"only pull requests against {home_spec.repository.branch} are validated"
        raise DeployError(f"is against {pull.base_branch}", where=where, todo=todo)
    if config.head and config.head != pull.head:
        todo = "nothing: the sensor starts a validation of the new head"
        raise DeployError(f"{config.head[:12]} is not its head any more: {pull.head[:12]} is", where=where, todo=todo)
    # What GitHub gives as the base may lag behind the branch.
    return replace(pull, base=head_of(github, home_spec.repository.name, pull.base_branch))


def shortened(paths: Sequence[str]) -> str:
    """The first paths, and how many more there are: a pull request chooses their number."""
    more = len(paths) - MOST_OVERRULED
    return ", ".join([*paths[:MOST_OVERRULED], *([f"and {more} more"] if more > 0 else [])])


@dg.op(retry_policy=READ, tags={"dagster/kind": "docker"})
@stage
def prepare_tools(context: dg.OpExecutionContext, subject: Subject, bench: dg.ResourceParam[Bench]) -> Prepared:
    """Install the tools, at the base branch's versions, where the checks run."""
    tools = bench.isolation.prepare_tools(tools_of(subject.spec), show)
    gives_up = bench.isolation.gives_up()
    if gives_up:
        context.log.warning(gives_up)
    context.add_output_metadata({"tools": tools, "isolation": gives_up or "containers", **tools_of(subject.spec)})
    return Prepared(tools)


# Types and tests wait for it, and take longest: before every check.
@dg.op(retry_policy=READ, tags={"dagster/kind": "python", "dagster/priority": "100"})
@stage
def prepare_environment(
    context: dg.OpExecutionContext, subject: Subject, prepared: Prepared, bench: dg.ResourceParam[Bench]
) -> Prepared:
    """Install the repository's own requirements, for its types and its tests. Only wheels: no code of them runs."""
    made = prepared_environment(subject, replace(bench, prepared=prepared, on_line=show))
    context.add_output_metadata({"environment": made.environment or "-", "problem": made.problem or "-"})
    return made
