"""Pull requests in GitHub's REST API: lists, one of them, its label, and who may do what. The interface is `github`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import chain, islice
from typing import Any, Literal
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.pull_permission import LabelEvent, Permission
from deploy_pipeline.gateways.github import GitHubNotFound, PullList, PullState, StatusState
from deploy_pipeline.gateways.github_answers import Account
from deploy_pipeline.gateways.github_requests import Requests, has_next

GHOST = "ghost"  # GitHub's name for an account that was deleted
MOST_EVENT_PAGES = 20

_KINDS: dict[str, Literal["added", "removed", "head_moved"]] = {
    "labeled": "added",
    "unlabeled": "removed",
    "head_ref_force_pushed": "head_moved",
    "head_ref_deleted": "head_moved",
    "head_ref_restored": "head_moved",
    "reopened": "head_moved",
}
# `permission` has no word for maintainers and triagers; `role_name` is anything that an owner thought of.
_PERMISSIONS: dict[str, Permission] = {"admin": "admin", "write": "write", "read": "read"}
_ROLES: dict[tuple[str, str], Permission] = {("write", "maintain"): "maintain", ("read", "triage"): "triage"}


class _Named(BaseModel):
    name: str


class _Repository(BaseModel):
    full_name: str


class _End(BaseModel):
    ref: str
    sha: str
    user: Account | None = None
    repo: _Repository | None = None  # gone with a fork that was deleted


class _Pull(BaseModel):
    number: int
    title: str
    html_url: str
    state: str
    user: Account | None = None
    draft: bool = False
    labels: list[_Named] = []
    head: _End
    base: _End

    def as_pull_request(self) -> PullRequest:
        return PullRequest(
            number=self.number,
            title=self.title,
            author=_login(self.user),
            url=self.html_url,
            head=self.head.sha,
            head_branch=self._head_branch(),
            base=self.base.sha,
            base_branch=self.base.ref,
            draft=self.draft,
            labels=tuple(label.name for label in self.labels),
        )

    def _head_branch(self) -> str:
        own = self.head.repo is not None and self.head.repo == self.base.repo
        return self.head.ref if own else f"{_login(self.head.user)}:{self.head.ref}"


class _Event(BaseModel):
    id: int
    event: str
    created_at: AwareDatetime
    actor: Account | None = None
    label: _Named | None = None


APPROVED = "APPROVED"
_DECISIONS = (APPROVED, "CHANGES_REQUESTED", "DISMISSED")


class _Review(BaseModel):
    state: str
    commit_id: str | None = None
    user: Account | None = None


class _Status(BaseModel):
    context: str
    state: StatusState


class _Granted(BaseModel):
    permission: str
    role_name: str = ""


def open_pull_requests(requests: Requests, repository: str, base: str, etag: str | None) -> PullList | None:
    """Oldest first: updates then move nothing from page to page, and what is new comes last."""
    where = f"GitHub {repository}, pull requests against {base}"
    params = {"state": "open", "base": base, "sort": "created", "direction": "asc"}
    headers = {"If-None-Match": etag} if etag else {}
    pages = requests.pages(f"/repos/{repository}/pulls", where, list[_Pull], params, headers)
    first = next(pages)
    if first.status_code == HTTPStatus.NOT_MODIFIED:
        return None
    answers = [first, *pages] if has_next(first) else [first]
    # The first page's ETag says nothing of what leaves a later page.
    tag = first.headers.get("etag", "") if len(answers) == 1 else ""
    found = {pull.number: pull.as_pull_request() for answer in answers for pull in answer.parsed_data}
    return PullList(tuple(found.values()), tag, answered_at(first.headers, where))


def pull_request(requests: Requests, repository: str, number: int) -> PullState:
    """One pull request."""
    where = f"GitHub {repository}, pull request {number}"
    pull = requests.ask("GET", f"/repos/{repository}/pulls/{number}", where, _Pull).parsed_data
    return PullState(pull.as_pull_request(), pull.state == "open")


def approvers(requests: Requests, repository: str, number: int, head: str) -> tuple[str, ...]:
    """A comment beside an approval takes nothing back; asking for changes, or dismissing it, does."""
    where = f"GitHub {repository}, reviews of pull request {number}"
    pages = requests.pages(f"/repos/{repository}/pulls/{number}/reviews", where, list[_Review])
    said = {_login(review.user): review for page in pages for review in page.parsed_data if review.state in _DECISIONS}
    return tuple(login for login, review in said.items() if review.state == APPROVED and review.commit_id == head)


def status(requests: Requests, repository: str, sha: str, context: str) -> StatusState | None:
    """GitHub gives the newest first."""
    pages = requests.pages(
        f"/repos/{repository}/commits/{sha}/statuses", f"GitHub {repository}, statuses of {sha}", list[_Status]
    )
    found = (each.state for page in pages for each in page.parsed_data if each.context == context)
    return next(found, None)


def permission(requests: Requests, repository: str, login: str) -> Permission:
    """What an account may do. A role of an owner's own making counts as what it is built on."""
    url = f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission"
    try:
        granted = requests.ask("GET", url, f"GitHub {repository}, permission of {login}", _Granted).parsed_data
    except GitHubNotFound:
        return "none"
    finer = _ROLES.get((granted.permission, granted.role_name))
    return finer or _PERMISSIONS.get(granted.permission, "none")


def label_events(requests: Requests, repository: str, number: int, label: str) -> tuple[LabelEvent, ...]:
    """None at all for a pull request with thousands of events: whoever makes them gets no label out of it."""
    where = f"GitHub {repository}, events of pull request {number}"
    pages = requests.pages(f"/repos/{repository}/issues/{number}/events", where, list[_Event])
    answers = list(islice(pages, MOST_EVENT_PAGES))
    if has_next(answers[-1]):
        return ()
    found = _of_interest(chain.from_iterable(answer.parsed_data for answer in answers), label)
    return tuple(sorted(found, key=lambda event: event.id))


def _of_interest(events: Iterable[_Event], label: str) -> Iterable[LabelEvent]:
    for event in events:
        kind = _KINDS.get(event.event)
        named = event.label is not None and event.label.name.casefold() == label.casefold()
        if kind and (named or kind == "head_moved"):
            yield LabelEvent(event.id, _login(event.actor), event.created_at.astimezone(UTC), kind)


def remove_label(requests: Requests, repository: str, number: int, label: str) -> None:
    """Take a label off."""
    url = f"/repos/{repository}/issues/{number}/labels/{quote(label, safe='')}"
    try:
        requests.ask("DELETE", url, f"GitHub {repository}, label of pull request {number}", Any)
    except GitHubNotFound:
        return


def _login(account: Account | None) -> str:
    return (account.login if account else None) or GHOST


def answered_at(headers: Mapping[str, str], where: str) -> datetime:
    """GitHub's time of an answer: no other clock can be compared with the times of its events."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except ValueError as error:
        todo = "is GITHUB_API_URL the address of GitHub's REST API, and does a proxy take headers away?"
        raise DeployError("the answer has no Date", where=where, todo=todo) from error
