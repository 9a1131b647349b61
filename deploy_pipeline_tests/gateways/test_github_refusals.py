"""What is said when GitHub refuses, limits or is out, and what is tried again."""

import json
from datetime import datetime, timedelta

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.github import BranchHead, GitHubUnavailable
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline_tests.fakes.fake_clock import START, FakeClock
from deploy_pipeline_tests.gateways.scripted_http import Reply, ScriptedHttp, scripted_http

TOKEN = "ghp_secret"
REPOSITORY = "acme/engagement-ml"


def api(server: ScriptedHttp, clock: FakeClock) -> GitHubApi:
    return GitHubApi(GitHubSettings(f"{server.url}/api/v3", TOKEN), clock)


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(body), {name.replace("_", "-"): text for name, text in headers.items()})


def asked_once(clock: FakeClock, *replies: Reply) -> DeployError:
    with scripted_http(*replies) as server, pytest.raises(DeployError) as caught:
        api(server, clock).branch_head(REPOSITORY, "main", None)
    assert TOKEN not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "todo"),
    [
        (reply({"message": "Bad credentials"}, 401), "GITHUB_TOKEN"),
        (reply({"message": "Resource not accessible by integration"}, 403), "permissions"),
        (reply({"message": "Not Found"}, 404), "is the name right"),
        (reply({"message": "Validation Failed", "errors": [{"message": "no commit"}]}, 422), "does the commit exist"),
        (reply({}, 301, location="/elsewhere"), "repository.name"),
        (Reply(200, "<html>"), "GITHUB_API_URL"),
        (reply({"unexpected": True}), "GITHUB_API_URL"),
    ],
)
def test_refusals_teach_and_are_final(clock: FakeClock, answer: Reply, todo: str) -> None:
    error = asked_once(clock, answer)
    assert todo in error.todo
    assert not error.retryable
    assert not clock.slept


def test_a_refusal_says_githubs_own_words(clock: FakeClock) -> None:
    error = asked_once(clock, reply({"message": "Validation Failed", "errors": [{"message": "no commit"}]}, 422))
    assert error.what == "GitHub answered 422: Validation Failed; no commit"


RESET = START + timedelta(minutes=20)
LIMITS = {
    "primary": (
        reply(
            {"message": "API rate limit exceeded"},
            403,
            x_ratelimit_remaining="0",
            x_ratelimit_reset=str(int(RESET.timestamp())),
        ),
        RESET,
    ),
    "secondary with a time": (reply({"message": "wait"}, 429, retry_after="90"), START + timedelta(seconds=90)),
    "secondary without": (
        reply({"message": "You have exceeded a secondary rate limit."}, 403),
        START + timedelta(minutes=1),
    ),
}


@pytest.mark.parametrize(("answer", "retry_at"), LIMITS.values(), ids=LIMITS.keys())
def test_rate_limits_are_not_tried_again_here(clock: FakeClock, answer: Reply, retry_at: datetime) -> None:
    error = asked_once(clock, answer)
    assert isinstance(error, GitHubUnavailable)
    assert (error.retryable, error.retry_at, clock.slept) == (True, retry_at, [])


@pytest.mark.parametrize("outage", [Reply(502, "<html>"), Reply(drop=True)], ids=["bad gateway", "dropped"])
def test_an_outage_that_passes(clock: FakeClock, outage: Reply) -> None:
    with scripted_http(outage, outage, reply({"commit": {"sha": "a1"}}, etag='"t"')) as server:
        assert api(server, clock).branch_head(REPOSITORY, "main", None) == BranchHead("a1", '"t"')
    assert len(clock.slept) == 2
    assert sum(clock.slept) < 10


def test_an_outage_that_stays(clock: FakeClock) -> None:
    error = asked_once(clock, reply({"message": "down"}, 503))
    assert isinstance(error, GitHubUnavailable)
    assert (error.retry_at, len(clock.slept)) == (None, 2)


def test_nothing_listens(clock: FakeClock) -> None:
    github = GitHubApi(GitHubSettings("http://127.0.0.1:1", TOKEN), clock)
    with pytest.raises(GitHubUnavailable, match="did not answer"):
        github.clone_url(REPOSITORY)


def test_a_deployment_is_never_made_twice(clock: FakeClock) -> None:
    with scripted_http(Reply(drop=True)) as server, pytest.raises(GitHubUnavailable):
        api(server, clock).create_deployment(REPOSITORY, "a1", "production", "")
    assert len(server.asked) == 1


def test_no_credentials(clock: FakeClock) -> None:
    with pytest.raises(DeployError, match="GITHUB_APP_ID"):
        GitHubApi(GitHubSettings(app_id="1"), clock)
