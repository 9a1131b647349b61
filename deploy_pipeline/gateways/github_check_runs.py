"""Check runs in GitHub's REST API: how one check of a commit goes, with remarks on its lines. For GitHub Apps."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from deploy_pipeline.gateways.github import Annotation, CheckRunStatus, Conclusion
from deploy_pipeline.gateways.github_requests import Requests
from deploy_pipeline.gateways.github_texts import cut, cut_bytes, sendable, within

ANNOTATIONS_AT_ONCE = 50
LONGEST_TEXT = 65_535
LONGEST_TITLE = 255
LARGEST_MESSAGE = 64 * 1024  # bytes


@dataclass(frozen=True)
class Said:
    """All that is said of a check. `conclusion` is there exactly when `status` is "completed"."""

    name: str
    status: CheckRunStatus
    conclusion: Conclusion | None
    title: str
    summary: str
    text: str
    url: str
    annotations: tuple[Annotation, ...]

    def body(self, where: str) -> dict[str, Any]:
        """The request, with the first of the annotations."""
        ending = {"conclusion": self.conclusion} if self.conclusion else {}
        link = {"details_url": self.url} if self.url else {}
        return {"name": self.name, "status": self.status, **ending, **link, "output": self.output(where, 0)}

    def output(self, where: str, start: int) -> dict[str, Any]:
        """What GitHub shows, with the annotations from `start` on that fit into one request."""
        title = cut(self.title, LONGEST_TITLE)
        part = self.annotations[start : start + ANNOTATIONS_AT_ONCE]
        return {
            "title": title,
            "summary": within(self.summary, LONGEST_TEXT, "summary", where) or title,  # GitHub wants one
            "text": within(self.text, LONGEST_TEXT, "text", where),
            "annotations": [_annotation(each) for each in part],
        }


class _App(BaseModel):
    id: int


class _CheckRun(BaseModel):
    id: int
    status: str
    app: _App | None = None


class _CheckRuns(BaseModel):
    check_runs: list[_CheckRun]


def set_check_run(requests: Requests, repository: str, sha: str, said: Said, app_id: int | None) -> None:
    """Go on with our unfinished check run of that name, or begin one. `app_id` is the GitHub App that we are.

    Nothing is sent twice: annotations would be there twice. What is cut short is begun anew by the next call.
    """
    where = f"GitHub {repository}, check {said.name} of {sha}"
    body, url = said.body(where), f"/repos/{repository}/check-runs"
    number = _unfinished(requests, repository, sha, said.name, app_id)
    if number is None:
        sent = {**body, "head_sha": sha}
        number = requests.ask("POST", url, where, _CheckRun, json=sent, attempts=1).parsed_data.id
    else:
        requests.ask("PATCH", f"{url}/{number}", where, _CheckRun, json=body, attempts=1)
    for start in range(ANNOTATIONS_AT_ONCE, len(said.annotations), ANNOTATIONS_AT_ONCE):
        more = {"output": said.output(where, start)}
        requests.ask("PATCH", f"{url}/{number}", where, _CheckRun, json=more, attempts=1)


def _unfinished(requests: Requests, repository: str, sha: str, name: str, app_id: int | None) -> int | None:
    """Our newest check run of that name, unless it is completed."""
    where = f"GitHub {repository}, checks of {sha}"
    pages = requests.pages(f"/repos/{repository}/commits/{sha}/check-runs", where, _CheckRuns, {"check_name": name})
    ours = [run for page in pages for run in page.parsed_data.check_runs if (run.app.id if run.app else None) == app_id]
    newest = max(ours, key=lambda run: run.id, default=None)
    return newest.id if newest and newest.status != "completed" else None


def _annotation(annotation: Annotation) -> dict[str, Any]:
    """As GitHub takes it: one line that does not fit would have all of the check run refused."""
    start = max(1, annotation.start_line)
    title = {"title": cut(annotation.title, LONGEST_TITLE)} if annotation.title else {}
    message = cut_bytes(annotation.message, LARGEST_MESSAGE)
    return {
        "path": sendable(annotation.path),
        "start_line": start,
        "end_line": max(start, annotation.end_line),
        "annotation_level": annotation.level,
        "message": message if message.strip() else annotation.title or annotation.level,
        **title,
    }
