"""The page that shows what the Slack sink received. Text and the common blocks; builds markup only."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy_pipeline.sandbox.markup import Markup, bullets, document, element, joined, link

_DEEPEST = 8  # rich text nests a few levels; anything deeper is not from Slack's builder


def messages_page(messages: Sequence[Mapping[str, Any]]) -> str:
    """All messages, newest first."""
    shown = [_message(message) for message in reversed(messages)]
    return document("Slack messages", *(shown or [element("p", "No message yet.")]))


def _message(message: Mapping[str, Any]) -> Markup:
    edited = " (edited)" if message.get("edited") else ""
    thread = f" in the thread of {message['thread_ts']}" if message.get("thread_ts") else ""
    heading = element("h2", f"{message['channel']} — {message['ts']}{thread}{edited}")
    attached = [block for item in _dicts(message.get("attachments")) for block in [item, *_dicts(item.get("blocks"))]]
    blocks = [*_dicts(message.get("blocks")), *attached]
    return element("section", heading, element("pre", message.get("text") or ""), *map(_block, blocks))


def _block(block: Mapping[str, Any]) -> Markup:
    """Whatever a block says: its text, fields and elements, links included."""
    if block.get("type") == "divider":
        return Markup("<hr>")
    tag = "h3" if block.get("type") == "header" else "p"
    text = element(tag, _text(block.get("text"))) if block.get("text") else Markup()
    fields = [_text(field) for field in _dicts(block.get("fields"))]
    parts = [_element(part) for part in _dicts(block.get("elements"))]
    return joined(text, *(bullets(listed) for listed in (fields, parts) if listed))


def _element(part: Mapping[str, Any], depth: int = 0) -> Markup:
    if part.get("elements") and depth < _DEEPEST:
        return joined(*(_element(inner, depth + 1) for inner in _dicts(part["elements"])))
    address = part.get("url")
    return link(address if isinstance(address, str) else None, _text(part.get("text") or part.get("alt_text")))


def _text(value: object) -> Markup:
    """A text object (`{"type": "mrkdwn", "text": ...}`) or a bare text."""
    text = value.get("text") if isinstance(value, Mapping) else value
    return joined("" if text is None else str(text))


def _dicts(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list; clients send what they like."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
