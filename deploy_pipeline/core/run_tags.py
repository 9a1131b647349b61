"""The tags on a deployment's run: what the UI filters by and what notices are made from."""

from deploy_pipeline.core.commit import Commit

COMMIT = "deploy/commit"
TITLE = "deploy/title"
AUTHOR = "deploy/author"
PULL_REQUEST = "deploy/pull_request"
GITHUB_DEPLOYMENT = "deploy/github_deployment"
SUPERSEDED_BY = "deploy/superseded_by"
ENVIRONMENT = "deploy/environment"

TITLE_LENGTH = 100


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
