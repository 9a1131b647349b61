"""The messages that the Slack sink took, in a file of one JSON object a line that is only ever appended to."""

import json
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

Message = dict[str, Any]
_MICROSECONDS = 1_000_000


class SlackMessages:
    """Messages by channel id and `ts` (Slack's key: a time in seconds with six digits, unique here).

    An edit is a line of its own in the file; the latest line of a message counts. Safe to use from several threads.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._messages: dict[tuple[str, str], Message] = {}
        self._last = 0
        if path.exists():
            self._load()

    def post(self, message: Message) -> Message:
        """Keep a new message; the message with its `ts`."""
        with self._lock:
            moment = max(self._last + 1, int(self._clock().timestamp() * _MICROSECONDS))
            return self._write({**message, "ts": f"{moment // _MICROSECONDS}.{moment % _MICROSECONDS:06d}"})

    def edit(self, channel_id: str, ts: str, changes: Message) -> Message | None:
        """Change a message; the whole message as it is now, or None when there is no such message."""
        with self._lock:
            found = self._messages.get((channel_id, ts))
            return self._write({**found, **changes, "edited": True}) if found else None

    def all(self) -> list[Message]:
        """All messages as they are now, in the order in which they were posted."""
        with self._lock:
            return list(self._messages.values())

    def _load(self) -> None:
        content = self._path.read_bytes()
        complete = content.rpartition(b"\n")[0]
        for line in complete.split(b"\n") if complete else []:
            self._remember(json.loads(line))
        if not content.endswith(b"\n"):  # the process died while it wrote the last line: nobody was told "ok"
            os.truncate(self._path, len(complete) + bool(complete))

    def _write(self, message: Message) -> Message:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(message) + "\n")
        self._remember(message)
        return message

    def _remember(self, message: Message) -> None:
        self._messages[message["channel_id"], message["ts"]] = message
        seconds, _, rest = message["ts"].partition(".")
        self._last = max(self._last, int(seconds) * _MICROSECONDS + int(rest))
