"""The tags on a run: what the UI filters by and what notices are made from."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.commit import Commit

COMMIT = "deploy/commit"
TITLE = "deploy/title"
AUTHOR = "deploy/author"
PULL_REQUEST = "deploy/pull_request"
GITHUB_DEPLOYMENT = "deploy/github_deployment"
SUPERSEDED_BY = "deploy/superseded_by"
TOLD = "deploy/told"
UNTOLD = "deploy/untold"
"""On a run that ended well and of which somebody could not be told; `TOLD` says who has heard."""
TIME = "deploy/time"
ENVIRONMENT = "deploy/environment"
RECONCILES = "deploy/reconciles"
HELD = "deploy/held"
NOT_BEGUN = "deploy/not_begun"
REPEATS = "deploy/repeats"
RUN_KEY = "dagster/run_key"
VALIDATED_PULL_REQUEST = "validation/pull_request"
VALIDATED_HEAD = "validation/head"
VALIDATION_AUTHORISED = "validation/authorised"
VALIDATION_TITLE = "validation/title"
VALIDATION_ANSWERED = "validation/answered"
VALIDATION_CHECKS = "validation/checks"
VALIDATION_IDENTITY = (VALIDATED_PULL_REQUEST, VALIDATED_HEAD, VALIDATION_AUTHORISED)

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


def validation_tags(pull: PullRequest, authorised: bool) -> dict[str, str]:
    """The tags that say which head of which pull request a run validates."""
    tags = {
        VALIDATED_PULL_REQUEST: str(pull.number),
        VALIDATED_HEAD: pull.head,
        VALIDATION_AUTHORISED: "true" if authorised else "false",
        # The tags are kept as UTF-8, which has no lone surrogates; JSON, and so a title, may have.
        VALIDATION_TITLE: pull.title.encode(errors="replace").decode()[:TITLE_LENGTH],
    }
    return {name: value for name, value in tags.items() if value}


@dataclass(frozen=True)
class Validated:
    """What a run validates, by its tags."""

    number: int
    head: str
    authorised: bool


def validated(tags: Mapping[str, str]) -> Validated | None:
    """What the tags say of a validation; None where they say nothing, or people have written something else there."""
    number, head = tags.get(VALIDATED_PULL_REQUEST, ""), tags.get(VALIDATED_HEAD, "")
    if not (number.isdecimal() and number.isascii() and head):
        return None
    return Validated(int(number), head, tags.get(VALIDATION_AUTHORISED) == "true")
