"""The Slack sink, driven by slack_sdk's own clients."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from deploy_pipeline.sandbox.slack_messages import SlackMessages
from deploy_pipeline.sandbox.slack_sink import DEFAULT_SLACK_TOKEN
from deploy_pipeline_tests.sandbox.doubles_support import Clock, serving

BLOCKS: list[dict[str, Any]] = [
    {"type": "header", "text": {"type": "plain_text", "text": "Deployed <1>"}},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Commit*\nabc"}]},
    {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Run"}, "url": "http://x/r"}],
    },
    {"type": "divider"},
]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path, Clock()) as address:
        yield address


def client(site: str, token: str = DEFAULT_SLACK_TOKEN) -> WebClient:
    return WebClient(token=token, base_url=f"{site}/slack/api/")


def messages(site: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = httpx.get(f"{site}/slack/messages").json()
    return found


def test_posted_message_is_kept_and_can_be_edited(site: str) -> None:
    slack = client(site)
    posted = slack.chat_postMessage(channel="#engineering", text="Deploying ü & 🚀", blocks=BLOCKS)
    assert posted["ok"] and posted["channel"].startswith("C") and posted["message"]["text"] == "Deploying ü & 🚀"
    slack.chat_update(channel=posted["channel"], ts=posted["ts"], text="Deployed")
    reply = slack.chat_postMessage(channel=posted["channel"], text="In thread", thread_ts=posted["ts"])
    first, second = messages(site)
    assert (first["channel"], first["text"], first["edited"], first["blocks"]) == (
        "#engineering",
        "Deployed",
        True,
        BLOCKS,
    )
    assert (second["ts"], second["thread_ts"]) == (reply["ts"], posted["ts"])
    assert float(reply["ts"]) > float(posted["ts"])


def test_form_fields_are_understood_as_json_is(site: str) -> None:
    form = {"channel": "#a", "text": "Form", "blocks": json.dumps(BLOCKS)}
    headers = {"authorization": f"Bearer {DEFAULT_SLACK_TOKEN}"}
    assert httpx.post(f"{site}/slack/api/chat.postMessage", data=form, headers=headers).json()["ok"]
    assert messages(site)[0]["blocks"] == BLOCKS
    with_token = {"token": DEFAULT_SLACK_TOKEN, "channel": "#a", "text": "T"}
    assert httpx.post(f"{site}/slack/api/chat.postMessage", data=with_token).json()["ok"]


def test_auth_and_channels(site: str) -> None:
    slack = client(site)
    assert slack.auth_test()["team"] == "sandbox"
    slack.chat_postMessage(channel="#engineering", text="x")
    assert [channel["name"] for channel in slack.conversations_list()["channels"]] == ["engineering"]


@pytest.mark.parametrize(
    ("token", "method", "fields", "error"),
    [
        ("xoxb-wrong", "chat.postMessage", {"channel": "#a", "text": "x"}, "invalid_auth"),
        ("", "chat.postMessage", {"channel": "#a", "text": "x"}, "not_authed"),
        (DEFAULT_SLACK_TOKEN, "chat.postMessage", {"channel": "engineering", "text": "x"}, "channel_not_found"),
        (DEFAULT_SLACK_TOKEN, "chat.postMessage", {"channel": "#", "text": "x"}, "channel_not_found"),
        (DEFAULT_SLACK_TOKEN, "chat.postMessage", {"channel": 1, "text": "x"}, "channel_not_found"),
        (DEFAULT_SLACK_TOKEN, "chat.postMessage", {"channel": "#a"}, "no_text"),
        (DEFAULT_SLACK_TOKEN, "chat.postMessage", {"channel": "#a", "text": "x" * 40_001}, "msg_too_long"),
        (DEFAULT_SLACK_TOKEN, "chat.postMessage", {"channel": "#a", "blocks": [{}] * 51}, "invalid_blocks"),
        (DEFAULT_SLACK_TOKEN, "chat.postMessage", {"channel": "#a", "blocks": "x"}, "invalid_arguments"),
        (DEFAULT_SLACK_TOKEN, "chat.update", {"channel": "#a", "ts": "1.0", "text": "x"}, "channel_not_found"),
        (DEFAULT_SLACK_TOKEN, "chat.update", {"channel": "C1", "ts": "1.0", "text": "x"}, "message_not_found"),
        (DEFAULT_SLACK_TOKEN, "chat.delete", {}, "unknown_method"),
    ],
)
def test_refusals_are_slacks(site: str, token: str, method: str, fields: dict[str, object], error: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        client(site, token).api_call(method, json=fields)
    assert caught.value.response.status_code == 200
    assert caught.value.response["error"] == error
    assert messages(site) == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"text": "\\ud800"}', b'{"a": NaN}', b"[" * 100_000])
def test_bad_json_is_refused(site: str, content: bytes) -> None:
    headers = {"authorization": f"Bearer {DEFAULT_SLACK_TOKEN}", "content-type": "application/json"}
    answer = httpx.post(f"{site}/slack/api/chat.postMessage", content=content, headers=headers).json()
    assert answer == {"ok": False, "error": "invalid_json"}


def test_rate_limit_and_outage_on_demand(site: str) -> None:
    fault = f"{site}/slack/_control/fault"
    httpx.post(fault, json={"retry_after": 3, "count": 1}).raise_for_status()
    with pytest.raises(SlackApiError) as caught:
        client(site).chat_postMessage(channel="#a", text="x")
    assert caught.value.response["error"] == "ratelimited"
    assert (caught.value.response.status_code, caught.value.response.headers["retry-after"]) == (429, "3")
    assert client(site).chat_postMessage(channel="#a", text="x")["ok"]
    httpx.post(fault, json={"status": 503}).raise_for_status()
    assert WebhookClient(f"{site}/slack/webhook/T/B/secret").send(text="x").status_code == 503
    httpx.delete(fault).raise_for_status()
    assert client(site).auth_test()["ok"]
    assert httpx.post(fault, content="{}", headers={"content-type": "text/plain"}).status_code == 415
    assert httpx.post(fault, json={"status": 200}).status_code == 400


def test_webhook_takes_what_slack_takes(site: str) -> None:
    address = f"{site}/slack/webhook/T0/B0/secret"
    sent = WebhookClient(address).send(text="Hook", blocks=BLOCKS)
    assert (sent.status_code, sent.body) == (200, "ok")
    assert httpx.post(address, data={"payload": '{"text": "Form"}'}).text == "ok"
    for content, error in (("{", "invalid_payload"), ("{}", "no_text")):
        refused = httpx.post(address, content=content, headers={"content-type": "application/json"})
        assert (refused.status_code, refused.text) == (400, error)
    assert [message["text"] for message in messages(site)] == ["Hook", "Form"]


def test_page_shows_text_and_blocks_escaped(site: str) -> None:
    nested: dict[str, Any] = {"text": "deep"}
    for _ in range(50):
        nested = {"elements": [nested]}
    rich: dict[str, Any] = {
        "type": "rich_text",
        "elements": [{"elements": [{"type": "link", "url": "javascript:x", "text": "click"}]}],
    }
    client(site).chat_postMessage(channel="#a", text="<script>x</script>", blocks=[*BLOCKS, rich, nested])
    page = httpx.get(f"{site}/slack/")
    assert page.status_code == 200
    for expected in ("&lt;script&gt;", "Deployed &lt;1&gt;", "*Commit*", 'href="http://x/r"', "click"):
        assert expected in page.text
    assert "<script" not in page.text and "javascript:" not in page.text


@pytest.mark.parametrize("whole_lines", [0, 1])
def test_half_a_line_of_a_killed_process_is_dropped(tmp_path: Path, whole_lines: int) -> None:
    file, clock = tmp_path / "slack.jsonl", Clock()
    messages_before = SlackMessages(file, clock)
    for _ in range(whole_lines):
        messages_before.post({"channel": "#a", "channel_id": "C1", "text": "Whole"})
    with file.open("a") as opened:
        opened.write('{"channel": "#a", "te')
    SlackMessages(file, clock).post({"channel": "#a", "channel_id": "C1", "text": "Next"})
    assert [message["text"] for message in SlackMessages(file, clock).all()] == ["Whole"] * whole_lines + ["Next"]


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    with serving(tmp_path, clock) as site:
        posted = client(site).chat_postMessage(channel="#a", text="Before")
        client(site).chat_update(channel=posted["channel"], ts=posted["ts"], text="After")
    with serving(tmp_path, clock) as site:
        assert [message["text"] for message in messages(site)] == ["After"]
        assert client(site).chat_postMessage(channel="#a", text="Next")["ts"] > posted["ts"]
