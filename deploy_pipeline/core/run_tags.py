"""The tags on a deployment's run: what the UI filters by and what notices are made from."""

from collections.abc import Mapping

from deploy_pipeline.core.commit import Commit

COMMIT = "deploy/commit"
TITLE = "deploy/title"
AUTHOR = "deploy/author"
PULL_REQUEST = "deploy/pull_request"
GITHUB_DEPLOYMENT = "deploy/github_deployment"
SUPERSEDED_BY = "deploy/superseded_by"
TOLD = "deploy/told"
ENVIRONMENT = "deploy/environment"

TITLE_LENGTH = 100


def owned(run_id: str, value: str) -> str:
    """A tag's value that belongs to one run: a run that repeats another one inherits its tags."""
    return f"{run_id}:{value}"


def own(run_id: str, tags: Mapping[str, str], name: str) -> str | None:
    """The value that `owned` put there for this run, or None when the tag is absent or another run's."""
    owner, _, value = tags.get(name, "").partition(":")
    return value if owner == run_id else None


def commit_tags(commit: Commit, environment: str) -> dict[str, str]:
    """The tags that say what a run deploys, and where."""
    tags = {
        COMMIT: commit.sha,
        TITLE: commit.title[:TITLE_LENGTH],
        AUTHOR: commit.author,
        ENVIRONMENT: environment,
    }
    if commit.pull_request is not None:
        tags[PULL_REQUEST] = str(commit.pull_request)
    return {name: value for name, value in tags.items() if value}
