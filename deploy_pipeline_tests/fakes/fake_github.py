"""GitHub in memory: branches, commits in order, statuses and deployments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.github import BranchHead, GitHub, StatusState


@dataclass(frozen=True)
class Status:
    """A recorded commit status."""

    sha: str
    state: str
    context: str
    description: str
    url: str | None


@dataclass(frozen=True)
class DeploymentRecord:
    """A recorded deployment."""

    id: int
    sha: str
    environment: str
    description: str


@dataclass(frozen=True)
class DeploymentStatus:
    """A recorded status of a deployment."""

    deployment_id: int
    state: str
    description: str
    url: str | None


class FakeGitHub(GitHub):
    """One repository: `history` is its branch `main`, oldest first, or else one list for each of `branches`.

    The etag of a branch is its head. Every call raises `outage` while that is set.
    """

    def __init__(
        self,
        history: Sequence[Commit] = (),
        *,
        branches: Mapping[str, Sequence[Commit]] | None = None,
        clone_url: str = "https://github.test/acme/engagement-ml.git",
        outage: DeployError | None = None,
    ) -> None:
        self.branches = {name: list(each) for name, each in (branches or {"main": history}).items()}
        self.outage = outage
        self._clone_url = clone_url
        self.statuses: list[Status] = []
        self.deployments: list[DeploymentRecord] = []
        self.deployment_statuses: list[DeploymentStatus] = []

    def branch_head(self, repository: str, branch: str, etag: str | None) -> BranchHead | None:
        self._answer()
        if not self.branches.get(branch):
            raise DeployError("GitHub answered 404: Branch not found", where=f"GitHub {repository}, branch {branch}")
        sha = self.branches[branch][-1].sha
        return None if etag == f'"{sha}"' else BranchHead(sha, f'"{sha}"')

    def commit(self, repository: str, sha: str) -> Commit:
        self._answer()
        for commits in self.branches.values():
            for commit in commits:
                if commit.sha == sha:
                    return commit
        raise DeployError("GitHub answered 404: Not Found", where=f"GitHub {repository}, commit {sha}")

    def commits_between(self, repository: str, base: str, head: str) -> tuple[Commit, ...]:
        self.commit(repository, base)
        self.commit(repository, head)
        commits = next(each for each in self.branches.values() if head in [commit.sha for commit in each])
        shas = [commit.sha for commit in commits]
        start = shas.index(base) + 1 if base in shas else 0
        return tuple(replace(commit, pull_request=None) for commit in commits[start : shas.index(head) + 1])

    def clone_url(self, repository: str) -> str:
        self._answer()
        return self._clone_url

    def clone_token(self) -> str | None:
        self._answer()
        return "a-token"

    def set_status(
        self, repository: str, sha: str, *, state: StatusState, context: str, description: str, url: str | None
    ) -> None:
        self._answer()
        self.statuses.append(Status(sha, state, context, description, url))

    def create_deployment(self, repository: str, sha: str, environment: str, description: str) -> int:
        self._answer()
        self.deployments.append(DeploymentRecord(len(self.deployments) + 1, sha, environment, description))
        return len(self.deployments)

    def set_deployment_status(
        self, repository: str, deployment_id: int, *, state: str, description: str, url: str | None
    ) -> None:
        self._answer()
        self.deployment_statuses.append(DeploymentStatus(deployment_id, state, description, url))

    def _answer(self) -> None:
        if self.outage:
            raise self.outage
