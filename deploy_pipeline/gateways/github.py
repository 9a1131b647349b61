"""GitHub: what was merged, and telling GitHub how its deployment goes. Never clones; that is the git gateway."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError

StatusState = Literal["pending", "success", "failure", "error"]


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
