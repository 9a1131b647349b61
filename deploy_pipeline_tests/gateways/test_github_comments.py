"""Our one comment and our check runs through the GitHub gateway, against the double over HTTP."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.pull_permission import MAY_WRITE
from deploy_pipeline.gateways.github import Annotation, CheckRunStatus, Conclusion, GitHubUnavailable
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline.sandbox.github_double.app import DEFAULT_TOKEN
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.scripted_http import Reply, scripted_http
from deploy_pipeline_tests.sandbox.doubles_support import FULL_NAME, Doubles, running

COMMENTS = f"repos/{FULL_NAME}/issues/1/comments"
MARKER = "<!-- deploy-pipeline -->"
NOTE = Annotation("src/app.py", 1, 1, "warning", "W1", "unused")


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        started.commit("topic", {"a.txt": b"1\n"})
        body = {"title": "T", "head": "topic", "base": "main"}
        started.raw("POST", f"repos/{FULL_NAME}/pulls", json=body).raise_for_status()
        yield started


@pytest.fixture
def github(doubles: Doubles) -> GitHubApi:
    return GitHubApi(GitHubSettings(api_url=doubles.api, token=DEFAULT_TOKEN, check_runs=True), FakeClock())


def bodies(doubles: Doubles) -> list[tuple[str, str]]:
    listed = doubles.raw("GET", f"{COMMENTS}?per_page=100&page=2").json()
    listed = doubles.raw("GET", f"{COMMENTS}?per_page=100").json() + listed
    return [(comment["user"]["login"], comment["body"]) for comment in listed]


def as_mallory(doubles: Doubles, body: str) -> None:
    doubles.control("people", login="mallory", token="token-of-mallory")
    headers = {"authorization": "Bearer token-of-mallory"}
    httpx.post(doubles.api + COMMENTS, headers=headers, json={"body": body}).raise_for_status()


def test_one_comment_is_rewritten(doubles: Doubles, github: GitHubApi) -> None:
    url = github.upsert_comment(FULL_NAME, 1, MARKER, "one")
    assert url.startswith(f"{doubles.site}/github/{FULL_NAME}/pull/1#issuecomment-")
    assert github.upsert_comment(FULL_NAME, 1, MARKER, f"{MARKER}\ntwo \udcff\0") == url
    assert bodies(doubles) == [("sandbox", f"{MARKER}\ntwo ?")]
    assert github.upsert_comment(FULL_NAME, 1, "<!-- other -->", "three") != url


def test_comments_are_read_with_their_authors_and_not_twice(doubles: Doubles, github: GitHubApi) -> None:
    as_mallory(doubles, "/approve\r\nplease")
    github.upsert_comment(FULL_NAME, 1, MARKER, "one")
    github.upsert_comment(FULL_NAME, 1, MARKER, "two")
    found = github.remarks(FULL_NAME, 1, datetime(2020, 1, 1, tzinfo=UTC), None)
    assert found is not None
    assert [(each.author, each.body) for each in found.remarks] == [
        ("mallory", "/approve\r\nplease"), ("sandbox", f"{MARKER}\ntwo")
    ]  # fmt: skip
    first, second = found.remarks
    assert (first.edited, first.id < second.id, first.url.endswith(f"#issuecomment-{first.id}")) == (False, True, True)
    assert first.at.tzinfo is not None
    assert github.remarks(FULL_NAME, 1, datetime(2020, 1, 1, tzinfo=UTC), found.etag) is None
    later = github.remarks(FULL_NAME, 1, datetime(2099, 1, 1, tzinfo=UTC), None)
    assert later is not None
    assert later.remarks == ()
    assert github.permission(FULL_NAME, "mallory") not in MAY_WRITE


def test_a_comment_that_was_changed_says_so(doubles: Doubles, github: GitHubApi) -> None:
    made = doubles.raw("POST", COMMENTS, json={"body": "nice"}).json()
    doubles.clock.now += timedelta(seconds=1)
    url = f"repos/{FULL_NAME}/issues/comments/{made['id']}"
    doubles.raw("PATCH", url, json={"body": "/reject"}).raise_for_status()
    found = github.remarks(FULL_NAME, 1, datetime(2020, 1, 1, tzinfo=UTC), None)
    assert found is not None
    assert [each.edited for each in found.remarks] == [True]


def test_comments_on_many_pages_are_read_anew_each_time(doubles: Doubles, github: GitHubApi) -> None:
    for number in range(101):
        doubles.raw("POST", COMMENTS, json={"body": str(number)})
    found = github.remarks(FULL_NAME, 1, datetime(2020, 1, 1, tzinfo=UTC), None)
    assert found is not None
    assert (len(found.remarks), found.etag) == (101, "")


def test_comments_of_others_are_left_alone(doubles: Doubles, github: GitHubApi) -> None:
    as_mallory(doubles, f"{MARKER}\nall is well")
    doubles.raw("POST", COMMENTS, json={"body": f"as they say: {MARKER}"})
    github.upsert_comment(FULL_NAME, 1, MARKER, "one")
    github.upsert_comment(FULL_NAME, 1, MARKER, "two")
    assert bodies(doubles) == [
        ("mallory", f"{MARKER}\nall is well"),
        ("sandbox", f"as they say: {MARKER}"),
        ("sandbox", f"{MARKER}\ntwo"),
    ]


def test_two_of_ours_become_one_again_even_on_later_pages(doubles: Doubles, github: GitHubApi) -> None:
    for number in range(101):
        doubles.raw("POST", COMMENTS, json={"body": str(number)})
    for text in ("one", "two", "three"):
        doubles.raw("POST", COMMENTS, json={"body": f"{MARKER}\n{text}"})
    github.upsert_comment(FULL_NAME, 1, MARKER, "four")
    assert [body for _, body in bodies(doubles)][101:] == [f"{MARKER}\nfour"]


def test_a_comment_that_is_too_long_is_refused(doubles: Doubles, github: GitHubApi) -> None:
    longest = "x" * (65_536 - len(MARKER) - 1)
    github.upsert_comment(FULL_NAME, 1, MARKER, longest)
    with pytest.raises(DeployError, match="65537 characters, GitHub takes 65536"):
        github.upsert_comment(FULL_NAME, 1, MARKER, f"{longest}x")
    assert bodies(doubles) == [("sandbox", f"{MARKER}\n{longest}")]


def test_a_new_comment_is_not_sent_twice(doubles: Doubles, github: GitHubApi) -> None:
    doubles.control("outage", status=502, method="POST", count=1)
    with pytest.raises(GitHubUnavailable):
        github.upsert_comment(FULL_NAME, 1, MARKER, "one")
    assert bodies(doubles) == []


def test_login_of_a_token_and_of_an_app(github: GitHubApi) -> None:
    assert github.login() == "sandbox"
    made = generate_private_key(public_exponent=65537, key_size=2048)
    key = made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    with scripted_http(Reply(200, json.dumps({"id": 12, "slug": "deployer", "name": "Deployer"}))) as server:
        settings = GitHubSettings(server.url, app_id="12", private_key=key, installation_id=7)
        assert GitHubApi(settings, FakeClock()).login() == "deployer[bot]"
    assert [asked.path for asked in server.asked] == ["/app"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (GitHubSettings(token="t"), False),
        (GitHubSettings(token="t", check_runs=True), True),
        (GitHubSettings(app_id="1", private_key="k", installation_id=1), True),
    ],
)
def test_writes_check_runs(settings: GitHubSettings, expected: bool) -> None:
    assert GitHubApi(settings, FakeClock()).writes_check_runs() is expected


def said(
    github: GitHubApi, sha: str, status: CheckRunStatus, conclusion: Conclusion | None = None, *notes: Annotation,
    summary: str = "All of it.",
) -> None:  # fmt: skip
    github.set_check_run(
        FULL_NAME, sha, name="lint", status=status, conclusion=conclusion, title="Lint", summary=summary, text="More.",
        url="https://ui.test/run", annotations=notes,
    )  # fmt: skip


def check_runs(doubles: Doubles) -> list[tuple[str, str, str | None, int]]:
    path = f"repos/{FULL_NAME}/commits/{doubles.sha}/check-runs?filter=all"
    found = doubles.raw("GET", path).json()["check_runs"]
    return [(run["name"], run["status"], run["conclusion"], run["output"]["annotations_count"]) for run in found]


def test_a_check_run_goes_on_until_it_is_completed(doubles: Doubles, github: GitHubApi) -> None:
    said(github, doubles.sha, "queued")
    said(github, doubles.sha, "in_progress", summary="")
    assert check_runs(doubles) == [("lint", "in_progress", None, 0)]
    said(github, doubles.sha, "completed", "failure", NOTE)
    assert check_runs(doubles) == [("lint", "completed", "failure", 1)]
    said(github, doubles.sha, "in_progress")
    said(github, doubles.sha, "completed", "success")
    assert check_runs(doubles) == [("lint", "completed", "failure", 1), ("lint", "completed", "success", 0)]
    shown = doubles.raw("GET", f"repos/{FULL_NAME}/commits/{doubles.sha}/check-runs").json()["check_runs"]
    assert [run["conclusion"] for run in shown] == ["success"]


@pytest.mark.parametrize("count", [50, 51, 120])
def test_many_annotations_are_all_there_in_order(doubles: Doubles, github: GitHubApi, count: int) -> None:
    said(
        github,
        doubles.sha,
        "completed",
        "failure",
        *[Annotation("a", n, n, "notice", "", f"m{n}") for n in range(1, count + 1)],
    )
    shown = doubles.raw("GET", f"repos/{FULL_NAME}/commits/{doubles.sha}/check-runs").json()["check_runs"][0]
    path = f"repos/{FULL_NAME}/check-runs/{shown['id']}/annotations?per_page=100"
    listed: list[dict[str, Any]] = [
        note for page in (1, 2) for note in doubles.raw("GET", f"{path}&page={page}").json()
    ]
    assert [note["message"] for note in listed] == [f"m{n}" for n in range(1, count + 1)]


def test_annotations_that_github_would_refuse_are_mended(doubles: Doubles, github: GitHubApi) -> None:
    odd = Annotation("a\udcff\0.py", 0, -3, "failure", "t" * 300, "ü" * 40_000)
    said(github, doubles.sha, "completed", "failure", odd, Annotation("b", 5, 2, "notice", "", " "))
    shown = doubles.raw("GET", f"repos/{FULL_NAME}/commits/{doubles.sha}/check-runs").json()["check_runs"][0]
    first, second = doubles.raw("GET", f"repos/{FULL_NAME}/check-runs/{shown['id']}/annotations").json()
    assert (first["path"], first["start_line"], first["end_line"]) == ("a?.py", 1, 1)
    assert first["title"] == "t" * 254 + "…"
    assert first["message"] == "ü" * 32_766 + "…"
    assert (second["start_line"], second["end_line"], second["title"], second["message"]) == (5, 5, None, "notice")


def test_a_check_run_cut_short_is_begun_anew(doubles: Doubles, github: GitHubApi) -> None:
    notes = [NOTE] * 60
    doubles.control("outage", status=502, method="PATCH", count=1)
    with pytest.raises(GitHubUnavailable):
        said(github, doubles.sha, "completed", "failure", *notes)
    said(github, doubles.sha, "completed", "failure", *notes)
    assert check_runs(doubles) == [("lint", "completed", "failure", 50), ("lint", "completed", "failure", 60)]


def test_a_summary_that_is_too_long_is_refused(doubles: Doubles, github: GitHubApi) -> None:
    with pytest.raises(DeployError, match="the summary has 65536 characters"):
        said(github, doubles.sha, "in_progress", summary="x" * 65_536)
    assert check_runs(doubles) == []


def test_check_runs_of_other_apps_are_left_alone() -> None:
    others = {"id": 9, "status": "in_progress", "app": {"id": 99}}
    listed, made = (
        Reply(200, json.dumps({"check_runs": [others]})),
        Reply(201, json.dumps({"id": 10, "status": "queued"})),
    )
    owner = Reply(200, json.dumps({"login": "ada"}))
    with scripted_http(owner, listed, made) as server:
        said(GitHubApi(GitHubSettings(server.url, "t", check_runs=True), FakeClock()), "a1", "in_progress")
    assert [(asked.method, asked.path.partition("?")[0]) for asked in server.asked] == [
        ("GET", "/user"),
        ("GET", f"/repos/{FULL_NAME}/commits/a1/check-runs"),
        ("POST", f"/repos/{FULL_NAME}/check-runs"),
    ]
