"""The comments on a pull request, and our own, found again by the marker that it begins with.

Never touches others' comments.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import AwareDatetime, BaseModel

from deploy_pipeline.core.ledger.remark import Remark
from deploy_pipeline.gateways.github import GitHubNotFound, RemarkList
from deploy_pipeline.gateways.github_answers import Account
from deploy_pipeline.gateways.github_requests import Requests, has_next
from deploy_pipeline.gateways.github_texts import within

LONGEST_BODY = 65_536


class _Comment(BaseModel):
    id: int
    html_url: str
    body: str | None = None
    user: Account | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime

    def as_remark(self) -> Remark:
        author = (self.user.login if self.user else None) or ""
        at, edited = self.created_at.astimezone(UTC), self.created_at != self.updated_at
        return Remark(self.id, author, self.body or "", at, edited, self.html_url)


class Comments:
    """The comments of one pull request, written as `login`."""

    def __init__(self, requests: Requests, repository: str, number: int, login: str) -> None:
        self._requests = requests
        self._login = login
        self._where = f"GitHub {repository}, comment on pull request {number}"
        self._list = f"/repos/{repository}/issues/{number}/comments"
        self._each = f"/repos/{repository}/issues/comments"

    def listed(self, since: datetime, etag: str | None) -> RemarkList | None:
        """All that were made or changed since, oldest first; None where that is what the ETag's answer said."""
        headers = {"If-None-Match": etag} if etag else {}
        params = {"since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        pages = self._requests.pages(self._list, self._where, list[_Comment], params, headers)
        first = next(pages)
        if first.status_code == HTTPStatus.NOT_MODIFIED:
            return None
        answers = [first, *pages] if has_next(first) else [first]
        # The first page's ETag says nothing of what comes on a later page.
        tag = first.headers.get("etag", "") if len(answers) == 1 else ""
        return RemarkList(tuple(each.as_remark() for answer in answers for each in answer.parsed_data), tag)

    def upsert(self, marker: str, body: str) -> str:
        """Rewrite our oldest comment with the marker and delete later ones; write one where there is none."""
        text = within(body if body.startswith(marker) else f"{marker}\n{body}", LONGEST_BODY, "comment", self._where)
        ours = self._ours(marker)
        if not ours:
            made = self._requests.ask("POST", self._list, self._where, _Comment, json={"body": text}, attempts=1)
            return made.parsed_data.html_url
        oldest, *later = ours
        url = f"{self._each}/{oldest.id}"
        kept = self._requests.ask("PATCH", url, self._where, _Comment, json={"body": text}).parsed_data
        for comment in later:  # two validations wrote their first comment at once
            self._delete(comment)
        return kept.html_url

    def _ours(self, marker: str) -> list[_Comment]:
        pages = self._requests.pages(self._list, self._where, list[_Comment])
        found = [comment for page in pages for comment in page.parsed_data]
        ours = [comment for comment in found if self._is_ours(comment) and (comment.body or "").startswith(marker)]
        return sorted(ours, key=lambda comment: comment.id)

    def _is_ours(self, comment: _Comment) -> bool:
        login = comment.user.login if comment.user else None
        return login is not None and login.casefold() == self._login.casefold()

    def _delete(self, comment: _Comment) -> None:
        try:
            self._requests.ask("DELETE", f"{self._each}/{comment.id}", self._where, Any)
        except GitHubNotFound:
            return
