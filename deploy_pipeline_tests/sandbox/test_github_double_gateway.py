"""The pipeline's own GitHub and Slack gateways against the doubles: both sides agree on what is spoken."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.github import GitHubUnavailable
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline.gateways.slack import SlackSettings, slack
from deploy_pipeline.sandbox.github_double.app import DEFAULT_TOKEN
from deploy_pipeline.sandbox.slack_sink import DEFAULT_SLACK_TOKEN
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.sandbox.doubles_support import FULL_NAME, NAME, OWNER, Doubles, running


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        yield started


def gateway(doubles: Doubles, clock: FakeClock) -> GitHubApi:
    return GitHubApi(GitHubSettings(api_url=doubles.api, token=DEFAULT_TOKEN), clock)


def test_gateway_follows_a_merge_into_a_deployment(doubles: Doubles) -> None:
    github = gateway(doubles, FakeClock())
    before = github.branch_head(FULL_NAME, "main", None)
    assert before and before.sha == doubles.sha
    assert github.branch_head(FULL_NAME, "main", before.etag) is None
    doubles.commit("topic", {"a.txt": b"1\n"}, "Add a")
    pulls = doubles.github.rest.pulls
    pulls.create(OWNER, NAME, title="Add a", head="topic", base="main")
    merged = pulls.merge(OWNER, NAME, 1, merge_method="squash").parsed_data.sha
    after = github.branch_head(FULL_NAME, "main", before.etag)
    assert after and after.sha == merged
    assert github.commit(FULL_NAME, merged).pull_request == 1
    assert [commit.sha for commit in github.commits_between(FULL_NAME, before.sha, merged)] == [merged]
    assert github.clone_url(FULL_NAME) == doubles.bare.as_uri()
    github.set_status(FULL_NAME, merged, state="success", context="deploy", description="x" * 200, url=doubles.site)
    number = github.create_deployment(FULL_NAME, merged, "production", "Deploy")
    for state in ("in_progress", "success", "inactive"):
        github.set_deployment_status(FULL_NAME, number, state=state, description=state, url=None)
    listed = doubles.raw("GET", f"repos/{FULL_NAME}/deployments/{number}/statuses").json()
    assert [status["state"] for status in listed] == ["inactive", "success", "in_progress"]


def test_gateway_understands_the_trouble_on_demand(doubles: Doubles) -> None:
    clock = FakeClock()
    github = gateway(doubles, clock)
    doubles.control("outage", status=502, count=2)
    assert github.branch_head(FULL_NAME, "main", None)
    assert len(clock.slept) == 2
    doubles.control("secondary_limit", retry_after=9, count=1)
    with pytest.raises(GitHubUnavailable) as caught:
        github.branch_head(FULL_NAME, "main", None)
    assert caught.value.retry_at == clock.now() + timedelta(seconds=9)
    doubles.control("rate_limit", remaining=0, reset_in=60)
    with pytest.raises(GitHubUnavailable) as caught:
        github.branch_head(FULL_NAME, "main", None)
    assert caught.value.retry_at == doubles.clock.now + timedelta(seconds=60)
    doubles.control("reset")
    with pytest.raises(DeployError, match="404"):
        github.commit("acme/none", doubles.sha)


def test_slack_gateway_posts_and_waits_for_a_short_limit(doubles: Doubles) -> None:
    clock = FakeClock()
    settings = SlackSettings(token=DEFAULT_SLACK_TOKEN, api_url=f"{doubles.site}/slack/api/")
    httpx.post(f"{doubles.site}/slack/_control/fault", json={"retry_after": 4, "count": 1}).raise_for_status()
    ts = slack(settings, clock).post("#engineering", "Deployed", [{"type": "divider"}])
    hook = SlackSettings(webhook_url=f"{doubles.site}/slack/webhook/x")
    assert slack(hook, clock).post("ignored", "Hook", []) == ""
    assert clock.slept == [4]
    found = httpx.get(f"{doubles.site}/slack/messages").json()
    assert [(message["channel"], message["text"]) for message in found] == [
        ("#engineering", "Deployed"),
        ("webhook/x", "Hook"),
    ]
    assert found[0]["ts"] == ts
