"""GitHub's API, against scripted answers: what is asked, what is read, and what is said of a refusal."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.gateways.github import BranchHead
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.scripted_http import Reply, ScriptedHttp, scripted_http

TOKEN = "ghp_secret"
REPOSITORY = "acme/engagement-ml"
TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def api(server: ScriptedHttp, clock: FakeClock) -> GitHubApi:
    return GitHubApi(GitHubSettings(f"{server.url}/api/v3", TOKEN), clock)


def commit(sha: str, *parents: str, login: str | None = "ada") -> dict[str, Any]:
    signature = {"name": "Ada L.", "email": "ada@example.com", "date": "2026-01-02T03:04:05Z"}
    return {
        "sha": sha,
        "html_url": f"https://github.test/{sha}",
        "commit": {"message": f"Change {sha}", "author": signature, "committer": signature},
        "author": {"login": login} if login else None,
        "parents": [{"sha": parent} for parent in parents],
    }


def value(sha: str, author: str = "ada", pull_request: int | None = None) -> Commit:
    return Commit(sha, f"Change {sha}", author, TIME, f"https://github.test/{sha}", pull_request)


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(body), {name.replace("_", "-"): text for name, text in headers.items()})


def test_branch_head_then_not_modified(clock: FakeClock) -> None:
    with scripted_http(reply({"commit": {"sha": "a1"}}, etag='W/"tag"'), Reply(304, "")) as server:
        github = api(server, clock)
        assert github.branch_head(REPOSITORY, "release/next", None) == BranchHead("a1", 'W/"tag"')
        assert github.branch_head(REPOSITORY, "release/next", 'W/"tag"') is None
    first, second = server.asked
    assert first.path == f"/api/v3/repos/{REPOSITORY}/branches/release/next"
    assert (first.headers["authorization"], "if-none-match" in first.headers) == (f"token {TOKEN}", False)
    assert second.headers["if-none-match"] == 'W/"tag"'


@pytest.mark.parametrize(
    ("pulls", "number"),
    [
        ([], None),
        ([{"number": 1, "merged_at": None, "merge_commit_sha": "a1"}], None),
        ([{"number": 2, "merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": "zz"}], 2),
        (
            [
                {"number": 3, "merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": "zz"},
                {"number": 4, "merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": "a1"},
            ],
            4,
        ),
    ],
)
def test_commit_with_its_merged_pull_request(clock: FakeClock, pulls: list[dict[str, Any]], number: int | None) -> None:
    with scripted_http(reply(commit("a1")), reply(pulls)) as server:
        assert api(server, clock).commit(REPOSITORY, "a1") == value("a1", pull_request=number)
    assert [asked.path.split("/commits/")[1] for asked in server.asked] == ["a1", "a1/pulls"]


MERGED = {"number": 12, "merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": "a1"}


@pytest.mark.parametrize("message", ["Score faster (#12)", "Merge pull request #12 from acme/faster\n\nScore faster"])
@pytest.mark.parametrize(("pull", "status", "number"), [
    (MERGED, 200, 12),
    (MERGED | {"merge_commit_sha": "zz"}, 200, None),  # somebody else's commit says so
    (MERGED | {"merged_at": None}, 200, None),
    ({"message": "Not Found"}, 404, None),
])  # fmt: skip
def test_commit_whose_pull_request_github_does_not_know_yet(
    clock: FakeClock, message: str, pull: dict[str, Any], status: int, number: int | None
) -> None:
    """For some seconds after a merge; the message says which it is, and the pull request has to agree."""
    body = commit("a1")
    body["commit"]["message"] = message
    with scripted_http(reply(body), reply([]), reply(pull, status)) as server:
        assert api(server, clock).commit(REPOSITORY, "a1").pull_request == number
    assert server.asked[-1].path.endswith("/pulls/12")


@pytest.mark.parametrize("message", ["Revert (#12) again", "Fix #12", "more\n(#12)"])
def test_a_message_that_names_one_elsewhere_asks_nothing(clock: FakeClock, message: str) -> None:
    body = commit("a1")
    body["commit"]["message"] = message
    with scripted_http(reply(body), reply([])) as server:
        assert api(server, clock).commit(REPOSITORY, "a1").pull_request is None


def test_commit_by_an_author_without_an_account(clock: FakeClock) -> None:
    with scripted_http(reply(commit("a1", login=None)), reply([])) as server:
        assert api(server, clock).commit(REPOSITORY, "a1") == value("a1", "Ada L.")


def test_commits_between_follows_the_branch_over_pages(clock: FakeClock) -> None:
    first = {"total_commits": 4, "commits": [commit("b", "a"), commit("side", "a")]}
    second = {"total_commits": 4, "commits": [commit("c", "b", "side"), commit("d", "c")]}
    with scripted_http(reply(first), reply(second)) as server:
        assert api(server, clock).commits_between(REPOSITORY, "a", "d") == (value("b"), value("c"), value("d"))
    assert [asked.path.split("?")[1] for asked in server.asked] == ["per_page=100&page=1", "per_page=100&page=2"]


def test_commits_between_the_same_commit(clock: FakeClock) -> None:
    with scripted_http(reply({"total_commits": 0, "commits": []})) as server:
        assert api(server, clock).commits_between(REPOSITORY, "a", "a") == ()


def test_clone_url(clock: FakeClock) -> None:
    with scripted_http(reply({"clone_url": "https://github.test/acme/engagement-ml.git"})) as server:
        assert api(server, clock).clone_url(REPOSITORY) == "https://github.test/acme/engagement-ml.git"


def test_set_status_cuts_the_description(clock: FakeClock) -> None:
    with scripted_http(reply({}, 201)) as server:
        api(server, clock).set_status(
            REPOSITORY, "a1", state="success", context="deploy", description="x" * 200, url="https://ui.test/run"
        )
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", f"/api/v3/repos/{REPOSITORY}/statuses/a1")
    assert json.loads(asked.body) == {
        "state": "success", "context": "deploy", "description": "x" * 139 + "…", "target_url": "https://ui.test/run",
    }  # fmt: skip


def test_deployment_and_its_status(clock: FakeClock) -> None:
    with scripted_http(reply({"id": 42}, 201)) as server:
        github = api(server, clock)
        assert github.create_deployment(REPOSITORY, "a1", "production", "Deploy a1") == 42
        github.set_deployment_status(REPOSITORY, 42, state="in_progress", description="building", url=None)
    made, status = server.asked
    assert json.loads(made.body) == {
        "ref": "a1", "environment": "production", "description": "Deploy a1", "auto_merge": False,
        "required_contexts": [],
    }  # fmt: skip
    assert status.path == f"/api/v3/repos/{REPOSITORY}/deployments/42/statuses"
    assert json.loads(status.body) == {"state": "in_progress", "description": "building", "log_url": ""}
