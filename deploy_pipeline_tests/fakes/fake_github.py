"""GitHub in memory: branches, commits in order, pull requests, statuses, check runs, comments and deployments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.remark import Remark
from deploy_pipeline.core.pull_permission import LabelEvent, Permission, has_label
from deploy_pipeline.gateways.github import (
    Annotation,
    BranchHead,
    CheckRunStatus,
    Conclusion,
    GitHub,
    GitHubNotFound,
    PullList,
    PullState,
    RemarkList,
    StatusState,
)

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


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


@dataclass(frozen=True)
class CheckRun:
    """A recorded check run, each time it was set."""

    sha: str
    name: str
    status: str
    conclusion: str | None
    title: str
    summary: str
    text: str
    url: str
    annotations: tuple[Annotation, ...]


class FakeGitHub(GitHub):
    """One repository: `history` is its branch `main`, oldest first, or else one list for each of `branches`.

    The etag of a branch is its head. Every call raises `outage` while that is set. `pull_requests` are open at first;
    `permissions` are by login, "none" for all others. `at` is the time, which `events` and lists carry; it stands still
    until it is moved. `login` is who writes; `check_runs` says whether that is allowed.
    """

    def __init__(
        self,
        history: Sequence[Commit] = (),
        *,
        branches: Mapping[str, Sequence[Commit]] | None = None,
        clone_url: str = "https://github.test/acme/engagement-ml.git",
        outage: DeployError | None = None,
        pull_requests: Sequence[PullRequest] = (),
        permissions: Mapping[str, Permission] | None = None,
        login: str = "deploy-pipeline[bot]",
        check_runs: bool = False,
    ) -> None:
        self.branches = {name: list(each) for name, each in (branches or {"main": history}).items()}
        self.outage = outage
        self._clone_url = clone_url
        self.statuses: list[Status] = []
        self.deployments: list[DeploymentRecord] = []
        self.deployment_statuses: list[DeploymentStatus] = []
        self.pulls = {pull.number: PullState(pull, open=True) for pull in pull_requests}
        self.permissions = dict(permissions or {})
        self.events: list[tuple[int, str, LabelEvent]] = []  # number, label, event
        self.approvals: dict[tuple[int, str], tuple[str, ...]] = {}  # by number and head
        self.comments: dict[tuple[int, str], str] = {}  # by number and marker
        self.said: dict[int, list[Remark]] = {}  # every comment, by number
        self.check_runs: list[CheckRun] = []
        self.at = START
        self._login = login
        self._writes_check_runs = check_runs

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

    def open_pull_requests(self, repository: str, base: str, etag: str | None) -> PullList | None:
        self._answer()
        found = [each.pull_request for each in self.pulls.values() if each.open]
        found = sorted((pull for pull in found if pull.base_branch == base), key=lambda pull: pull.number)
        tag = f'"{found!r}"'
        return None if etag == tag else PullList(tuple(found), tag, self.at)

    def pull_request(self, repository: str, number: int) -> PullState:
        self._answer()
        if number not in self.pulls:
            raise GitHubNotFound("GitHub answered 404: Not Found", where=f"GitHub {repository}, pull request {number}")
        return self.pulls[number]

    def approvers(self, repository: str, number: int, head: str) -> tuple[str, ...]:
        self.pull_request(repository, number)
        return self.approvals.get((number, head), ())

    def status(self, repository: str, sha: str, context: str) -> StatusState | None:
        self._answer()
        found = [each.state for each in self.statuses if (each.sha, each.context) == (sha, context)]
        states: dict[str, StatusState] = {
            "pending": "pending", "success": "success", "failure": "failure", "error": "error"
        }  # fmt: skip
        return states[found[-1]] if found else None

    def permission(self, repository: str, login: str) -> Permission:
        self._answer()
        return self.permissions.get(login, "none")

    def label_events(self, repository: str, number: int, label: str) -> tuple[LabelEvent, ...]:
        self._answer()
        return tuple(
            event
            for at, name, event in self.events
            if at == number and (event.kind == "head_moved" or name.casefold() == label.casefold())
        )

    def remove_label(self, repository: str, number: int, label: str) -> None:
        pull = self.pull_request(repository, number).pull_request
        if has_label(pull, label):
            self._note(number, label, self._login, "removed")
            kept = tuple(name for name in pull.labels if name.casefold() != label.casefold())
            self._change(number, replace(pull, labels=kept))

    def login(self) -> str:
        self._answer()
        return self._login

    def upsert_comment(self, repository: str, number: int, marker: str, body: str) -> str:
        url = f"{self.pull_request(repository, number).pull_request.url}#{marker}"
        self.comments[number, marker] = body
        said = self.said.setdefault(number, [])
        ours = next((each for each in said if each.author == self._login and each.body.startswith(marker)), None)
        if ours is None:
            self.say(number, self._login, body)
        else:
            said[said.index(ours)] = replace(ours, body=body, edited=True)
        return url

    def remarks(self, repository: str, number: int, since: datetime, etag: str | None) -> RemarkList | None:
        self._answer()
        found = tuple(each for each in self.said.get(number, ()) if each.at >= since)
        return None if etag == f'"{found!r}"' else RemarkList(found, f'"{found!r}"')

    def writes_check_runs(self) -> bool:
        return self._writes_check_runs

    def set_check_run(
        self, repository: str, sha: str, *, name: str, status: CheckRunStatus, conclusion: Conclusion | None,
        title: str, summary: str, text: str, url: str, annotations: tuple[Annotation, ...],
    ) -> None:  # fmt: skip
        self._answer()
        if not self._writes_check_runs:
            raise DeployError(
                "GitHub answered 403: Resource not accessible", where=f"GitHub {repository}, check {name}"
            )
        self.check_runs.append(CheckRun(sha, name, status, conclusion, title, summary, text, url, annotations))

    def add_label(self, number: int, label: str, actor: str) -> None:
        """What a person does on GitHub's pages."""
        pull = self.pulls[number].pull_request
        if not has_label(pull, label):
            self._note(number, label, actor, "added")
            self._change(number, replace(pull, labels=(*pull.labels, label)))

    def say(self, number: int, author: str, body: str, *, edited: bool = False) -> None:
        """What a person does who comments on a pull request."""
        said = self.said.setdefault(number, [])
        said.append(
            Remark(len(said) + 1, author, body, self.at, edited, f"https://github.test/{number}#{len(said) + 1}")
        )

    def push(self, number: int, head: str, *, forced: bool = False) -> None:
        """Move the head of a pull request."""
        if forced:
            self._note(number, "", self.pulls[number].pull_request.author, "head_moved")
        self._change(number, replace(self.pulls[number].pull_request, head=head))

    def close(self, number: int) -> None:
        """Close a pull request."""
        self.pulls[number] = replace(self.pulls[number], open=False)

    def pass_time(self, seconds: float) -> None:
        """Move GitHub's clock."""
        self.at += timedelta(seconds=seconds)

    def _note(self, number: int, label: str, actor: str, kind: Literal["added", "removed", "head_moved"]) -> None:
        self.events.append((number, label, LabelEvent(len(self.events) + 1, actor, self.at, kind)))

    def _change(self, number: int, pull: PullRequest) -> None:
        self.pulls[number] = replace(self.pulls[number], pull_request=pull)

    def _answer(self) -> None:
        if self.outage:
            raise self.outage
