"""GitHub: pull requests, what was merged, and telling GitHub how it goes. Never clones; that is the git gateway."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.remark import Remark
from deploy_pipeline.core.pull_permission import LabelEvent, Permission

StatusState = Literal["pending", "success", "failure", "error"]
CheckRunStatus = Literal["queued", "in_progress", "completed"]
Conclusion = Literal["success", "failure", "neutral", "skipped", "cancelled", "action_required", "timed_out"]


class GitHubNotFound(DeployError):
    """What was asked for does not exist, or these credentials may not see it."""


class GitHubUnavailable(DeployError):
    """GitHub is out or asks us to wait. `retry_at` (aware UTC) is when to come back, None when it does not say."""

    def __init__(self, what: str, *, where: str = "", todo: str = "", retry_at: datetime | None = None) -> None:
        self.retry_at = retry_at
        super().__init__(what, where=where, todo=todo, retryable=True)


@dataclass(frozen=True)
class BranchHead:
    """The newest commit of a branch. `etag` is to be sent with the next question, so that no change costs nothing."""

    sha: str
    etag: str


@dataclass(frozen=True)
class PullList:
    """All open pull requests against a branch, and GitHub's time (aware UTC) when it said so.

    `etag` is to be sent with the next question; it is empty when that has to be asked unconditionally.
    """

    pull_requests: tuple[PullRequest, ...]
    etag: str
    at: datetime


@dataclass(frozen=True)
class RemarkList:
    """Comments on a pull request. `etag` is to be sent with the same question; empty when that has to be asked anew."""

    remarks: tuple[Remark, ...]
    etag: str


@dataclass(frozen=True)
class PullState:
    """A pull request, and whether it is still open."""

    pull_request: PullRequest
    open: bool


@dataclass(frozen=True)
class Annotation:
    """A remark on lines (inclusive, from 1) of a file, by its path in the repository."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    title: str
    message: str


class GitHub(ABC):
    """The repositories that the credentials may see."""

    @abstractmethod
    def branch_head(self, repository: str, branch: str, etag: str | None) -> BranchHead | None:
        """The branch's head, or None when nothing changed since the answer that carried `etag`."""

    @abstractmethod
    def commit(self, repository: str, sha: str) -> Commit:
        """One commit, with the number of the merged pull request that brought it."""

    @abstractmethod
    def commits_between(self, repository: str, base: str, head: str) -> tuple[Commit, ...]:
        """The commits that `head` has and `base` has not, oldest first; without pull requests."""

    @abstractmethod
    def clone_url(self, repository: str) -> str:
        """Where git fetches the repository from, without credentials in it."""

    @abstractmethod
    def clone_token(self) -> str | None:
        """A token that opens the repository to git over HTTPS; a GitHub App's lives an hour. Use it, never keep it."""

    @abstractmethod
    def set_status(
        self, repository: str, sha: str, *, state: StatusState, context: str, description: str, url: str | None
    ) -> None:
        """Set a commit status; the description is cut to GitHub's 140 characters."""

    @abstractmethod
    def create_deployment(self, repository: str, sha: str, environment: str, description: str) -> int:
        """Tell GitHub of a deployment of exactly this commit and return its id."""

    @abstractmethod
    def set_deployment_status(
        self, repository: str, deployment_id: int, *, state: str, description: str, url: str | None
    ) -> None:
        """Say how a deployment goes; the description is cut to GitHub's 140 characters."""

    @abstractmethod
    def open_pull_requests(self, repository: str, base: str, etag: str | None) -> PullList | None:
        """The open pull requests against the branch `base`, or None when nothing changed since `etag`.

        The branch of a pull request from a fork is `owner:branch`. Where there are more than a page of them, one may be
        missing while another is closed: ask for it by its number before believing that it is closed.
        """

    @abstractmethod
    def pull_request(self, repository: str, number: int) -> PullState:
        """One pull request, open or not."""

    @abstractmethod
    def approvers(self, repository: str, number: int, head: str) -> tuple[str, ...]:
        """The logins whose newest review of a pull request approves just this `head` (a full SHA)."""

    @abstractmethod
    def status(self, repository: str, sha: str, context: str) -> StatusState | None:
        """The newest status of a commit in one context; None where there is none."""

    @abstractmethod
    def permission(self, repository: str, login: str) -> Permission:
        """What an account may do with the repository; "none" for one that does not exist, or is an App's."""

    @abstractmethod
    def label_events(self, repository: str, number: int, label: str) -> tuple[LabelEvent, ...]:
        """When the label was added and removed and by whom, and what moved the head meanwhile, oldest first."""

    @abstractmethod
    def remove_label(self, repository: str, number: int, label: str) -> None:
        """Take a label off a pull request; one that is not on is fine."""

    @abstractmethod
    def login(self) -> str:
        """The account that all of this is done as; an App's is `<name>[bot]`."""

    @abstractmethod
    def remarks(self, repository: str, number: int, since: datetime, etag: str | None) -> RemarkList | None:
        """The comments on a pull request, open or not, that were made or changed since (aware UTC), oldest first.

        None when nothing changed since the answer to the same question that carried `etag`.
        """

    @abstractmethod
    def upsert_comment(self, repository: str, number: int, marker: str, body: str) -> str:
        """Write or rewrite our one comment that begins with `marker` (an HTML comment); its address.

        Comments of others are never touched. `DeployError` for more than 65,536 characters, the marker included.
        """

    @abstractmethod
    def writes_check_runs(self) -> bool:
        """Whether `set_check_run` may be used. GitHub lets only Apps; others set statuses."""

    @abstractmethod
    def set_check_run(
        self, repository: str, sha: str, *, name: str, status: CheckRunStatus, conclusion: Conclusion | None,
        title: str, summary: str, text: str, url: str, annotations: tuple[Annotation, ...],
    ) -> None:  # fmt: skip
        """Say how a check of a commit goes; `conclusion` is there exactly when `status` is "completed".

        Our unfinished check run of that name goes on; after a completed one a new one begins, which hides it: a check
        run's annotations can only grow. `summary` and `text` are Markdown of up to 65,535 characters (`DeployError`).
        Titles and messages of annotations are cut to GitHub's 255 characters and 64 KiB.
        """
