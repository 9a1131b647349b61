"""What every request to the GitHub double meets: token, ETag, limits, faults, loopback, many at once."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from githubkit.exception import PrimaryRateLimitExceeded, RequestFailed, SecondaryRateLimitExceeded

from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline_tests.sandbox.doubles_support import FULL_NAME, NAME, OWNER, Doubles, running

REPOSITORY = f"repos/{FULL_NAME}"


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        yield started


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer sandbox-token", 200),
        ("token sandbox-token", 200),
        ("Bearer wrong", 401),
        ("Basic sandbox-token", 401),
        (None, 401),
    ],
)
def test_token_is_needed(doubles: Doubles, authorization: str | None, status: int) -> None:
    headers = {"authorization": authorization} if authorization else {}
    response = httpx.get(f"{doubles.api}user", headers=headers)
    assert response.status_code == status


def test_unchanged_answer_is_304_and_free(doubles: Doubles) -> None:
    first = doubles.raw("GET", f"{REPOSITORY}/commits")
    tag, left = first.headers["etag"], first.headers["x-ratelimit-remaining"]
    for condition in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = doubles.raw("GET", f"{REPOSITORY}/commits", headers={"if-none-match": condition})
        assert (again.status_code, again.content, again.headers["x-ratelimit-remaining"]) == (304, b"", left)
        assert again.headers["etag"] == tag
    doubles.commit("main", {"a.txt": b"1\n"})
    changed = doubles.raw("GET", f"{REPOSITORY}/commits", headers={"if-none-match": tag})
    assert (changed.status_code, changed.headers["x-ratelimit-remaining"]) == (200, str(int(left) - 1))


def test_githubkit_polls_for_free_and_sees_changes_at_once(doubles: Doubles) -> None:
    repos = doubles.github.rest.repos
    for _ in range(5):
        assert len(repos.list_commits(OWNER, NAME).parsed_data) == 1
    doubles.commit("main", {"a.txt": b"1\n"})
    assert len(repos.list_commits(OWNER, NAME).parsed_data) == 2
    journal = httpx.get(f"{doubles.site}/github/_control/journal").json()
    assert [entry["status"] for entry in journal] == [200, 304, 304, 304, 304, 200]
    assert doubles.raw("GET", "rate_limit").json()["rate"]["used"] == 2


def test_exhausted_limit_refuses_until_the_reset(doubles: Doubles) -> None:
    doubles.control("rate_limit", remaining=1, reset_in=60)
    assert doubles.raw("GET", "user").headers["x-ratelimit-remaining"] == "0"
    with pytest.raises(PrimaryRateLimitExceeded):
        doubles.github.rest.repos.get(OWNER, NAME)
    refused = doubles.raw("GET", "user")
    assert (refused.status_code, refused.json()["message"][:23]) == (403, "API rate limit exceeded")
    assert int(refused.headers["x-ratelimit-reset"]) == int(doubles.clock.now.timestamp()) + 60
    assert doubles.raw("GET", "rate_limit").status_code == 200
    doubles.clock.now = doubles.clock.now.replace(minute=1)
    assert doubles.raw("GET", "user").headers["x-ratelimit-remaining"] == "4999"


def test_secondary_limit_says_when_to_come_back(doubles: Doubles) -> None:
    doubles.control("secondary_limit", retry_after=7, count=1)
    with pytest.raises(SecondaryRateLimitExceeded) as caught:
        doubles.github.rest.repos.get(OWNER, NAME)
    assert caught.value.retry_after.total_seconds() == 7
    assert doubles.raw("GET", "user").status_code == 200


def test_outage_ends_after_its_count_or_when_cleared(doubles: Doubles) -> None:
    doubles.control("outage", status=502, count=2)
    assert [doubles.raw("GET", "user").status_code for _ in range(3)] == [502, 502, 200]
    doubles.control("outage", path_contains="/statuses/")
    assert doubles.raw("GET", "user").status_code == 200
    assert doubles.raw("POST", f"{REPOSITORY}/statuses/{doubles.sha}", json={"state": "success"}).status_code == 503
    with pytest.raises(RequestFailed):
        doubles.github.rest.repos.create_commit_status(OWNER, NAME, doubles.sha, state="success")
    httpx.delete(f"{doubles.site}/github/_control/outage").raise_for_status()
    assert doubles.raw("POST", f"{REPOSITORY}/statuses/{doubles.sha}", json={"state": "success"}).status_code == 201


def test_journal_tells_what_was_sent_but_no_token(doubles: Doubles) -> None:
    doubles.raw("POST", f"{REPOSITORY}/statuses/{doubles.sha}?x=1", json={"state": "success"})
    response = httpx.get(f"{doubles.site}/github/_control/journal")
    (entry,) = response.json()
    assert entry == {
        "at": "2026-01-31T12:00:00Z",
        "method": "POST",
        "path": f"/{REPOSITORY}/statuses/{doubles.sha}",
        "query": {"x": "1"},
        "login": "sandbox",
        "conditional": False,
        "body": {"state": "success"},
        "status": 201,
    }
    assert "sandbox-token" not in response.text
    doubles.control("reset")
    assert httpx.get(f"{doubles.site}/github/_control/journal").json() == []


@pytest.mark.parametrize(
    "content", [b"{", b"\xff", b"NaN", b'{"a": 1e999}', b'{"a": "\\ud800"}', b"[" * 100_000, b'"text"', b"1"]
)
def test_bad_json_is_refused(doubles: Doubles, content: bytes) -> None:
    response = doubles.raw("POST", f"{REPOSITORY}/statuses/{doubles.sha}", content=content)
    assert response.status_code == 400
    assert response.json()["message"] in ("Problems parsing JSON", "Body should be a JSON object")


def test_a_list_where_an_object_belongs_and_a_huge_body(doubles: Doubles) -> None:
    path = f"{REPOSITORY}/statuses/{doubles.sha}"
    assert doubles.raw("POST", path, json=[]).status_code == 422
    assert doubles.raw("POST", path, content=b" " * (5 * 1024 * 1024)).status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "0.0.0.0", ""])
def test_other_hosts_are_refused(doubles: Doubles, host: str) -> None:
    for path in ("/github/api/v3/user", "/github/_control/journal", "/slack/"):
        response = httpx.get(doubles.site + path, headers={"host": host, "authorization": "Bearer sandbox-token"})
        assert response.status_code in (400, 421)


def test_pages_of_other_sites_are_refused(doubles: Doubles) -> None:
    order = f"{doubles.site}/github/_control/outage"
    assert httpx.post(order, json={}, headers={"origin": "http://evil.example"}).status_code == 403
    assert httpx.post(order, content="{}", headers={"content-type": "text/plain"}).status_code == 415
    assert httpx.post(order, json={"status": 200}).status_code == 400
    assert doubles.raw("GET", "user").status_code == 200


def test_pages_show_what_happened_and_escape_it(doubles: Doubles) -> None:
    sha = doubles.commit("topic", {"a.txt": b"1\n"}, "<script>alert('m')</script>")
    pull = doubles.github.rest.pulls.create(OWNER, NAME, title="<img src=x>", head="topic", base="main", body="<b>")
    doubles.github.rest.repos.create_commit_status(
        OWNER, NAME, sha, state="success", context="ci/<i>", description="fine & dandy", target_url="http://127.0.0.1/r"
    )
    doubles.github.rest.checks.create(OWNER, NAME, name="lint<u>", head_sha=sha)
    doubles.github.rest.issues.create_comment(OWNER, NAME, 1, body="<script>c</script>")
    number = doubles.raw("POST", f"{REPOSITORY}/deployments", json={"ref": sha, "required_contexts": []}).json()["id"]
    doubles.github.rest.repos.create_deployment_status(OWNER, NAME, number, state="in_progress", description="Rolling")
    pages = {
        pull.parsed_data.html_url: [
            "&lt;img src=x&gt;",
            "ci/&lt;i&gt;",
            "fine &amp; dandy",
            "&lt;script&gt;c",
            "lint&lt;u&gt;",
        ],
        f"{doubles.site}/github/{FULL_NAME}/commit/{sha}": ["&lt;script&gt;alert", "in_progress", "Rolling"],
        f"{doubles.site}/github/{FULL_NAME}": ["&lt;img src=x&gt;", "Rolling", "Initial commit"],
        f"{doubles.site}/github/": [FULL_NAME],
    }
    for address, expected in pages.items():
        response = httpx.get(address)
        assert response.status_code == 200
        assert [text for text in expected if text not in response.text] == []
        assert "<script" not in response.text and "<img" not in response.text
        assert "default-src 'none'" in response.headers["content-security-policy"]
    for missing in ("acme/none", f"{FULL_NAME}/pull/9", f"{FULL_NAME}/pull/{10**30}", f"{FULL_NAME}/commit/--all"):
        assert httpx.get(f"{doubles.site}/github/{missing}").status_code == 404


def test_many_clients_at_once_lose_nothing(doubles: Doubles) -> None:
    branches = [f"topic-{number}" for number in range(6)]
    for branch in branches:
        doubles.commit(branch, {f"{branch}.txt": b"1\n"})

    def work(branch: str) -> int:
        body = {"title": branch, "head": branch, "base": "main"}
        number = int(doubles.raw("POST", f"{REPOSITORY}/pulls", json=body).json()["number"])
        doubles.raw("POST", f"{REPOSITORY}/statuses/{doubles.sha}", json={"state": "success", "context": branch})
        return number if doubles.raw("PUT", f"{REPOSITORY}/pulls/{number}/merge").status_code == 200 else 0

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(work, branches))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    assert doubles.raw("GET", f"{REPOSITORY}/commits/{doubles.sha}/status").json()["total_count"] == 6
    files = BareRepository(doubles.bare).text("ls-tree", "--name-only", "main").splitlines()
    assert [file for file in files if file.startswith("topic")] == [f"{branch}.txt" for branch in branches]
    assert doubles.raw("GET", "rate_limit").json()["rate"]["used"] == 19


def test_command_serves_writes_its_port_and_stops_on_sigterm(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    arguments = ["--port", "0", "--state", str(tmp_path / "state"), "--port-file", str(port_file)]
    command = [sys.executable, "-m", "deploy_pipeline.sandbox.doubles", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        announced = process.stdout.readline()
        port = int(port_file.read_text())
        assert f"http://127.0.0.1:{port}/github/" in announced
        with httpx.Client() as client:  # a connection that is kept open must not delay the stop
            assert client.get(f"http://127.0.0.1:{port}/slack/messages").json() == []
            process.terminate()
            assert process.wait(30) == 0
        assert process.stderr.read() == ""
    assert not port_file.exists()
