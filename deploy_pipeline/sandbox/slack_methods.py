"""The methods of Slack's Web API that the sink understands: fields in, answer out. No HTTP."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy_pipeline.sandbox.slack_messages import Message, SlackMessages

Fields = dict[str, Any]
_KEPT = ("text", "blocks", "attachments", "thread_ts", "username", "icon_emoji", "mrkdwn", "metadata")
_LONGEST_TEXT = 40_000
_MOST_BLOCKS = 50
_TEAM, _USER, _BOT = "T0SANDBOX", "U0SANDBOX", "B0SANDBOX"


class SlackError(Exception):
    """A refusal; the text is Slack's name for it."""


@dataclass(frozen=True)
class SlackMethods:
    """The Web API over the messages of one sink; `site` is the address it is reached at."""

    messages: SlackMessages
    site: str

    def find(self, name: str) -> Callable[[Fields], Fields]:
        """The method of this name; `SlackError` when the sink has none."""
        known: dict[str, Callable[[Fields], Fields]] = {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.update": self.update,
            "conversations.list": self.conversations_list,
        }
        if name not in known:
            raise SlackError("unknown_method")
        return known[name]

    def auth_test(self, _: Fields) -> Fields:
        """Who the token belongs to."""
        who = {"team": "sandbox", "user": "deploy-pipeline", "team_id": _TEAM, "user_id": _USER, "bot_id": _BOT}
        return {"url": f"{self.site}/slack/", "is_enterprise_install": False, **who}

    def post_message(self, fields: Fields) -> Fields:
        """Post to a channel, given as `#name` or by its id."""
        channel = fields.get("channel")
        if not isinstance(channel, str) or channel[:1] not in ("#", "C") or channel == "#":
            raise SlackError("channel_not_found")
        content = checked_content(fields)
        return _answer(self.messages.post({"channel": channel, "channel_id": channel_id(channel), **content}))

    def update(self, fields: Fields) -> Fields:
        """Edit a message. As in Slack, the channel must be given by the id that posting returned."""
        channel, ts = fields.get("channel"), fields.get("ts")
        if not isinstance(channel, str) or not channel.startswith("C"):
            raise SlackError("channel_not_found")
        edited = self.messages.edit(channel, str(ts), checked_content(fields))
        if edited is None:
            raise SlackError("message_not_found")
        return {**_answer(edited), "text": edited.get("text", "")}

    def conversations_list(self, _: Fields) -> Fields:
        """The channels that were posted to."""
        seen = {message["channel_id"]: message["channel"].removeprefix("#") for message in self.messages.all()}
        channels = [{"id": key, "name": name, "is_channel": True, "is_member": True} for key, name in seen.items()]
        return {"channels": channels, "response_metadata": {"next_cursor": ""}}


def checked_content(fields: Fields) -> Message:
    """What of a message is kept; `SlackError` when there is nothing to show or too much."""
    text, blocks = fields.get("text"), fields.get("blocks")
    if not (text or blocks or fields.get("attachments")):
        raise SlackError("no_text")
    if not isinstance(text, str | None) or not isinstance(blocks, list | None):
        raise SlackError("invalid_arguments")
    if text and len(text) > _LONGEST_TEXT:
        raise SlackError("msg_too_long")
    if blocks and len(blocks) > _MOST_BLOCKS:
        raise SlackError("invalid_blocks")
    return {key: fields[key] for key in _KEPT if fields.get(key) is not None}


def channel_id(channel: str) -> str:
    """The id of a channel; an id stays what it is."""
    return f"C{zlib.crc32(channel.encode()):010d}" if channel.startswith("#") else channel


def _answer(message: Message) -> Fields:
    shown = {key: message[key] for key in (*_KEPT, "ts") if key in message}
    body = {"type": "message", "user": _USER, "bot_id": _BOT, "text": "", **shown}
    return {"channel": message["channel_id"], "ts": message["ts"], "message": body}
