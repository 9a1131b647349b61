"""Slack, against scripted answers."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.slack import Slack, SlackSettings, slack
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.scripted_http import Reply, ScriptedHttp, scripted_http

TOKEN = "xoxb-secret"
BLOCKS: list[dict[str, Any]] = [{"type": "divider"}]
SENT = Reply(body=json.dumps({"ok": True, "ts": "1700000000.000100"}))


def bot(server: ScriptedHttp, clock: FakeClock) -> Slack:
    return slack(SlackSettings(token=TOKEN, api_url=f"{server.url}/api"), clock)


def webhook(server: ScriptedHttp, clock: FakeClock) -> Slack:
    return slack(SlackSettings(webhook_url=f"{server.url}/services/T0/B0/secret"), clock)


def test_bot_posts(clock: FakeClock) -> None:
    with scripted_http(SENT) as server:
        assert bot(server, clock).post("#engineering", "Deployed", BLOCKS) == "1700000000.000100"
    (asked,) = server.asked
    assert (asked.path, asked.headers["authorization"]) == ("/api/chat.postMessage", f"Bearer {TOKEN}")
    assert json.loads(asked.body) == {"channel": "#engineering", "text": "Deployed", "blocks": BLOCKS}


def test_webhook_posts(clock: FakeClock) -> None:
    with scripted_http(Reply(body="ok")) as server:
        assert webhook(server, clock).post("#ignored", "Deployed", BLOCKS) == ""
    (asked,) = server.asked
    assert asked.path == "/services/T0/B0/secret"
    assert json.loads(asked.body) == {"text": "Deployed", "blocks": BLOCKS}


@pytest.mark.parametrize(
    ("code", "todo"),
    [
        ("invalid_auth", "SLACK_BOT_TOKEN"),
        ("channel_not_found", "correct the channel"),
        ("not_in_channel", "/invite"),
        ("missing_scope", "chat:write"),
        ("something_new", ""),
    ],
)
def test_bot_refused(clock: FakeClock, code: str, todo: str) -> None:
    with (
        scripted_http(Reply(body=json.dumps({"ok": False, "error": code}))) as server,
        pytest.raises(DeployError) as refused,
    ):
        bot(server, clock).post("#engineering", "Deployed", BLOCKS)
    assert (refused.value.what, refused.value.retryable) == (f"Slack refused: {code}", False)
    assert todo in refused.value.todo
    assert TOKEN not in str(refused.value)


def test_webhook_refused(clock: FakeClock) -> None:
    with scripted_http(Reply(404, "no_service")) as server, pytest.raises(DeployError) as refused:
        webhook(server, clock).post("", "Deployed", BLOCKS)
    assert "SLACK_WEBHOOK_URL" in refused.value.todo
    assert "/T0/B0" not in str(refused.value)


LIMITED = Reply(429, '{"ok": false, "error": "ratelimited"}', {"Retry-After": "7"})


def test_short_pause_is_made(clock: FakeClock) -> None:
    with scripted_http(LIMITED, LIMITED, SENT) as server:
        assert bot(server, clock).post("#engineering", "Deployed", BLOCKS)
    assert clock.slept == [7, 7]


@pytest.mark.parametrize(("seconds", "slept"), [("7", [7, 7]), ("3600", []), ("soon", [1, 1])])
def test_long_pause_is_left_to_the_caller(clock: FakeClock, seconds: str, slept: list[float]) -> None:
    limited = Reply(429, "ratelimited", {"Retry-After": seconds})
    with scripted_http(limited) as server, pytest.raises(DeployError, match="rate limited") as refused:
        webhook(server, clock).post("", "Deployed", BLOCKS)
    assert (refused.value.retryable, clock.slept) == (True, slept)


@pytest.mark.parametrize("way", [bot, webhook])
def test_outage_of_slack_is_retryable(clock: FakeClock, way: Any) -> None:
    with scripted_http(Reply(503, "down")) as server, pytest.raises(DeployError, match="503") as failed:
        way(server, clock).post("#engineering", "Deployed", BLOCKS)
    assert failed.value.retryable


@pytest.mark.parametrize("way", [bot, webhook])
def test_lost_answer_is_not_repeated(clock: FakeClock, way: Any) -> None:
    with scripted_http(Reply(drop=True)) as server, pytest.raises(DeployError, match="did not answer") as failed:
        way(server, clock).post("#engineering", "Deployed", BLOCKS)
    assert not failed.value.retryable
    assert len(server.asked) == 1


def test_no_way_to_post(clock: FakeClock) -> None:
    with pytest.raises(DeployError, match="SLACK_WEBHOOK_URL"):
        slack(SlackSettings(), clock)
