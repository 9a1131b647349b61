"""The GitHub and Slack gateways against the sandbox's doubles: both sides agree on what the vendors do."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline.gateways.slack import SlackSettings, slack
from deploy_pipeline.sandbox.github_double.seed import create_repository

REPOSITORY = "acme/app"
TOKEN = "sandbox-token"
SECONDS = 30


@pytest.fixture(scope="module")
def doubles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the doubles, which hold one repository with one commit."""
    folder = tmp_path_factory.mktemp("doubles")
    (folder / "source").mkdir()
    (folder / "source" / "README.md").write_text("first\n")
    create_repository(folder / "state", REPOSITORY, folder / "source")
    argv = [sys.executable, "-m", "deploy_pipeline.sandbox.doubles", "--state", str(folder / "state")]
    server = subprocess.Popen([*argv, "--port-file", str(folder / "port")], stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{_port(folder / 'port')}"
    finally:
        server.terminate()
        server.wait(SECONDS)


def _port(file: Path) -> int:
    deadline = time.monotonic() + SECONDS
    while not file.exists():
        if time.monotonic() > deadline:
            pytest.fail("the doubles did not start")
        time.sleep(0.05)  # another program starts: no fake clock can hurry it
    return int(file.read_text())


@pytest.fixture
def github(doubles: str) -> GitHubApi:
    return GitHubApi(GitHubSettings(f"{doubles}/github/api/v3", TOKEN), SystemClock())


def ask(url: str, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
    """What a person does through GitHub's own pages."""
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def push_branch(url: str, folder: Path, branch: str) -> None:
    """Two commits on a branch of its own."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@users.noreply.github.com"]

    def git(*argv: str) -> None:
        subprocess.run(["git", "-C", str(folder), *identity, *argv], check=True, capture_output=True)

    git("clone", "--quiet", url, ".")
    git("switch", "--quiet", "--create", branch)
    for text in ("second", "third"):
        (folder / "README.md").write_text(f"{text}\n")
        git("commit", "--quiet", "--all", "--message", text)
    git("push", "--quiet", "origin", branch)


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_a_merge_is_seen_with_its_pull_request(doubles: str, github: GitHubApi, tmp_path: Path, method: str) -> None:
    before = github.branch_head(REPOSITORY, "main", None)
    assert before is not None
    assert github.branch_head(REPOSITORY, "main", before.etag) is None
    push_branch(github.clone_url(REPOSITORY), tmp_path, f"feature/{method}")
    pulls = f"{doubles}/github/api/v3/repos/{REPOSITORY}/pulls"
    pull = ask(pulls, "POST", {"title": "Improve", "head": f"feature/{method}", "base": "main"})
    ask(f"{pulls}/{pull['number']}/merge", "PUT", {"merge_method": method})
    after = github.branch_head(REPOSITORY, "main", before.etag)
    assert after is not None
    commit = github.commit(REPOSITORY, after.sha)
    assert (commit.sha, commit.pull_request) == (after.sha, pull["number"])
    between = github.commits_between(REPOSITORY, before.sha, after.sha)
    assert [each.sha for each in between] == [after.sha]


def test_statuses_and_deployments_are_taken(github: GitHubApi) -> None:
    head = github.branch_head(REPOSITORY, "main", None)
    assert head is not None
    github.set_status(
        REPOSITORY, head.sha, state="pending", context="deploy", description="x" * 300, url="https://ui.test"
    )
    number = github.create_deployment(REPOSITORY, head.sha, "production", "Deploy")
    for state in ("queued", "in_progress", "success", "inactive"):
        github.set_deployment_status(REPOSITORY, number, state=state, description="so far", url=None)
    with pytest.raises(DeployError, match="422"):
        github.set_deployment_status(REPOSITORY, number, state="shipped", description="", url=None)


def test_refusals(doubles: str, github: GitHubApi) -> None:
    with pytest.raises(DeployError, match="404"):
        github.branch_head(REPOSITORY, "no-such", None)
    with pytest.raises(DeployError, match="does the commit exist"):
        github.commit(REPOSITORY, "0" * 40)
    stranger = GitHubApi(GitHubSettings(f"{doubles}/github/api/v3", "wrong"), SystemClock())
    with pytest.raises(DeployError, match="GITHUB_TOKEN"):
        stranger.clone_url(REPOSITORY)


def test_slack_takes_messages_from_a_bot_and_a_webhook(doubles: str) -> None:
    bot = slack(SlackSettings(token="xoxb-sandbox", api_url=f"{doubles}/slack/api"), SystemClock())
    webhook = slack(SlackSettings(webhook_url=f"{doubles}/slack/webhook/T0/B0/secret"), SystemClock())
    assert bot.post("#engineering", "from the bot", [{"type": "divider"}])
    assert webhook.post("#engineering", "from the webhook", []) == ""
    kept = json.dumps(ask(f"{doubles}/slack/messages"))
    assert "from the bot" in kept
    assert "from the webhook" in kept
    with pytest.raises(DeployError, match="SLACK_BOT_TOKEN"):
        slack(SlackSettings(token="xoxb-wrong", api_url=f"{doubles}/slack/api"), SystemClock()).post("#c", "text", [])
