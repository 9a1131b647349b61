"""Pull requests, labels and permissions through the GitHub gateway, against the double over HTTP."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.pull_permission import LabelEvent, Permission
from deploy_pipeline.gateways.github import GitHubNotFound, GitHubUnavailable, PullList, PullState
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline.gateways.github_pulls import answered_at
from deploy_pipeline.sandbox.github_double.app import DEFAULT_TOKEN
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch, fork_repository
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.scripted_http import Reply, scripted_http
from deploy_pipeline_tests.sandbox.doubles_support import AUTHOR, FULL_NAME, Doubles, running

PULLS = f"repos/{FULL_NAME}/pulls"
LABELS = f"repos/{FULL_NAME}/issues/1/labels"
LABEL = "ok-to-test"


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        yield started


@pytest.fixture
def github(doubles: Doubles) -> GitHubApi:
    return GitHubApi(GitHubSettings(api_url=doubles.api, token=DEFAULT_TOKEN), FakeClock())


def opened(doubles: Doubles, head: str, **more: object) -> None:
    body = {"title": head.title(), "head": head, "base": "main", **more}
    doubles.raw("POST", PULLS, json=body).raise_for_status()


def as_person(doubles: Doubles, login: str, method: str, path: str, permission: str, body: object = None) -> None:
    """What somebody with this permission does."""
    doubles.control("people", login=login, token=f"token-of-{login}")
    doubles.control("collaborators", repository=FULL_NAME, login=login, permission=permission)
    headers = {"authorization": f"Bearer token-of-{login}"}
    httpx.request(method, doubles.api + path, headers=headers, json=body).raise_for_status()


def test_open_pull_requests(doubles: Doubles, github: GitHubApi) -> None:
    doubles.control("people", login="mallory", token="token-of-mallory")
    head = doubles.commit("topic", {"a.txt": b"1\n"})
    opened(doubles, "topic", draft=True)
    doubles.raw("POST", LABELS, json=["bug", LABEL])
    fork = fork_repository(doubles.state, FULL_NAME, "mallory")
    theirs = commit_on_branch(fork, "evil", "main", {"b.txt": b"1\n"}, "Evil", AUTHOR)
    as_person(doubles, "mallory", "POST", PULLS, "none", {"title": "E", "head": "mallory:evil", "base": "main"})
    url = f"{doubles.site}/github/{FULL_NAME}/pull"
    first = PullRequest(1, "Topic", "sandbox", f"{url}/1", head, "topic", doubles.sha, "main", True, ("bug", LABEL))
    second = PullRequest(2, "E", "mallory", f"{url}/2", theirs, "mallory:evil", doubles.sha, "main")
    found = github.open_pull_requests(FULL_NAME, "main", None)
    assert found is not None
    assert found == PullList((first, second), found.etag, doubles.clock.now)
    assert github.open_pull_requests(FULL_NAME, "main", found.etag) is None
    assert github.pull_request(FULL_NAME, 2) == PullState(second, open=True)
    doubles.raw("PATCH", f"{PULLS}/2", json={"state": "closed"})
    after = github.open_pull_requests(FULL_NAME, "main", found.etag)
    assert after is not None
    assert after.pull_requests == (first,)
    assert github.pull_request(FULL_NAME, 2) == PullState(second, open=False)
    other = github.open_pull_requests(FULL_NAME, "release", None)
    assert other is not None
    assert other.pull_requests == ()
    with pytest.raises(GitHubNotFound, match="404"):
        github.pull_request(FULL_NAME, 99)


@pytest.mark.parametrize("change", ["push", "label", "retitle"])
def test_every_change_changes_the_etag(doubles: Doubles, github: GitHubApi, change: str) -> None:
    doubles.commit("topic", {"a.txt": b"1\n"})
    opened(doubles, "topic")
    before = github.open_pull_requests(FULL_NAME, "main", None)
    assert before is not None
    if change == "push":
        doubles.commit("topic", {"a.txt": b"2\n"})
    elif change == "label":
        doubles.raw("POST", LABELS, json=[LABEL])
    else:
        doubles.raw("PATCH", f"{PULLS}/1", json={"title": "New"})
    assert github.open_pull_requests(FULL_NAME, "main", before.etag) is not None


def test_several_pages_have_no_etag() -> None:
    def page(number: int, link: str) -> Reply:
        end = {"ref": "b", "sha": "a1", "user": None, "repo": None}
        pull = {
            "number": number,
            "title": "T",
            "html_url": "u",
            "state": "open",
            "user": None,
            "head": end,
            "base": end,
        }
        date = {"Date": "Thu, 15 Jan 2026 12:00:00 GMT"}
        return Reply(200, json.dumps([pull]), {"ETag": '"1"', "Link": link, **date})

    with scripted_http(page(1, '<x?page=2>; rel="next"'), page(2, '<x?page=1>; rel="first"')) as server:
        found = GitHubApi(GitHubSettings(server.url, "t"), FakeClock()).open_pull_requests("a/b", "main", '"0"')
    assert found is not None
    assert ([pull.number for pull in found.pull_requests], found.etag) == ([1, 2], "")
    assert found.pull_requests[0].author == "ghost"
    assert found.pull_requests[0].head_branch == "ghost:b"
    assert [asked.headers.get("if-none-match") for asked in server.asked] == ['"0"', None]


@pytest.mark.parametrize("permission", ["admin", "maintain", "write", "triage", "read", "none"])
def test_permission(doubles: Doubles, github: GitHubApi, permission: str) -> None:
    doubles.control("collaborators", repository=FULL_NAME, login="maria", permission=permission)
    assert github.permission(FULL_NAME, "maria") == permission


@pytest.mark.parametrize(("login", "expected"), [("sandbox", "admin"), ("ghost", "none"), ("app[bot]", "none"),
                                                 ("../../x", "none")])  # fmt: skip
def test_permission_of_odd_logins(github: GitHubApi, login: str, expected: Permission) -> None:
    assert github.permission(FULL_NAME, login) == expected


@pytest.mark.parametrize(
    ("permission", "role", "expected"),
    [("write", "deployer", "write"), ("read", "admin", "read"), ("none", "maintain", "none"), ("odd", "", "none")],
)
def test_permission_is_never_more_than_the_role_is_built_on(permission: str, role: str, expected: Permission) -> None:
    with scripted_http(Reply(200, json.dumps({"permission": permission, "role_name": role}))) as server:
        assert GitHubApi(GitHubSettings(server.url, "t"), FakeClock()).permission("a/b", "maria") == expected


def test_permission_during_an_outage_is_not_none(doubles: Doubles, github: GitHubApi) -> None:
    doubles.control("outage", status=502)
    with pytest.raises(GitHubUnavailable):
        github.permission(FULL_NAME, "maria")


def test_label_events(doubles: Doubles, github: GitHubApi) -> None:
    start = doubles.commit("topic", {"a.txt": b"1\n"})
    opened(doubles, "topic")
    as_person(doubles, "maria", "POST", LABELS, "write", ["bug", LABEL])
    doubles.clock.now += timedelta(minutes=1)
    doubles.commit("topic", {"a.txt": b"2\n"})
    as_person(doubles, "timo", "DELETE", f"{LABELS}/{LABEL.upper()}", "triage")
    commit_on_branch(doubles.bare, "aside", start, {"a.txt": b"3\n"}, "Other", AUTHOR, at=doubles.clock())
    tip = doubles.commit("aside", {"a.txt": b"4\n"})
    (doubles.bare / "refs/heads/topic").write_text(f"{tip}\n")
    doubles.raw("POST", LABELS, json=[LABEL])
    begin, later = datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2026, 1, 31, 12, 1, tzinfo=UTC)
    events = github.label_events(FULL_NAME, 1, "OK-to-test")
    ids = [event.id for event in events]
    assert ids == sorted(set(ids))
    assert events == (
        LabelEvent(ids[0], "maria", begin, "added"),
        LabelEvent(ids[1], "timo", later, "removed"),
        LabelEvent(ids[2], "sandbox", later, "head_moved"),
        LabelEvent(ids[3], "sandbox", later, "added"),
    )


def test_label_events_of_whom_github_forgot() -> None:
    added = {"id": 5, "event": "labeled", "created_at": "2026-01-15T12:00:00Z", "actor": None, "label": {"name": LABEL}}
    other = {"id": 6, "event": "mentioned", "created_at": "2026-01-15T12:00:00Z", "actor": None}
    with scripted_http(Reply(200, json.dumps([added, other]))) as server:
        found = GitHubApi(GitHubSettings(server.url, "t"), FakeClock()).label_events("a/b", 1, LABEL)
    assert found == (LabelEvent(5, "ghost", datetime(2026, 1, 15, 12, tzinfo=UTC), "added"),)


def test_label_events_without_end_are_none() -> None:
    with scripted_http(Reply(200, "[]", {"Link": '<x?page=9>; rel="next"'})) as server:
        assert GitHubApi(GitHubSettings(server.url, "t"), FakeClock()).label_events("a/b", 1, LABEL) == ()
    assert len(server.asked) == 20


def test_remove_label(doubles: Doubles, github: GitHubApi) -> None:
    doubles.commit("topic", {"a.txt": b"1\n"})
    opened(doubles, "topic")
    label = "größer/öl ok"
    doubles.raw("POST", LABELS, json=["bug", label])
    github.remove_label(FULL_NAME, 1, label)
    github.remove_label(FULL_NAME, 1, label)
    assert github.pull_request(FULL_NAME, 1).pull_request.labels == ("bug",)
    assert [event.kind for event in github.label_events(FULL_NAME, 1, label)] == ["added", "removed"]


@pytest.mark.parametrize("headers", [{}, {"date": ""}, {"date": "soon"}])
def test_answered_at_needs_a_date(headers: dict[str, str]) -> None:
    with pytest.raises(DeployError, match="no Date"):
        answered_at(headers, "GitHub")


def reviewed(doubles: Doubles, login: str, event: str, **more: object) -> None:
    as_person(doubles, login, "POST", f"{PULLS}/1/reviews", "write", {"event": event, **more})


def test_who_approved_the_head(doubles: Doubles, github: GitHubApi) -> None:
    head = doubles.commit("topic", {"a.txt": b"1\n"})
    opened(doubles, "topic")
    assert github.approvers(FULL_NAME, 1, head) == ()
    reviewed(doubles, "grace", "APPROVE")
    reviewed(doubles, "grace", "COMMENT")  # takes nothing back
    reviewed(doubles, "ada", "APPROVE", commit_id=doubles.sha)  # of something else
    reviewed(doubles, "linus", "APPROVE")
    reviewed(doubles, "linus", "REQUEST_CHANGES")
    assert github.approvers(FULL_NAME, 1, head) == ("grace",)
    assert github.approvers(FULL_NAME, 1, doubles.commit("topic", {"a.txt": b"2\n"})) == ()


def test_nobody_approves_their_own(doubles: Doubles, github: GitHubApi) -> None:
    head = doubles.commit("topic", {"a.txt": b"1\n"})
    opened(doubles, "topic")
    answer = doubles.raw("POST", f"{PULLS}/1/reviews", json={"event": "APPROVE"})
    assert answer.status_code == 422
    assert github.approvers(FULL_NAME, 1, head) == ()


def test_the_newest_status_of_a_context(doubles: Doubles, github: GitHubApi) -> None:
    assert github.status(FULL_NAME, doubles.sha, "tests") is None
    for state, context in (("pending", "tests"), ("success", "tests"), ("failure", "lint")):
        body = {"state": state, "context": context}
        doubles.raw("POST", f"repos/{FULL_NAME}/statuses/{doubles.sha}", json=body).raise_for_status()
    assert github.status(FULL_NAME, doubles.sha, "tests") == "success"
    assert github.status(FULL_NAME, doubles.sha, "lint") == "failure"
