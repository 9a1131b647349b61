"""What was asked of the REST API, for tests and demonstrations. In memory, bounded, never with a token."""

import threading
from collections import deque
from typing import Any, NamedTuple

_LONGEST = 10_000


class Entry(NamedTuple):
    """One request and the status it was answered with; `conditional` when it carried If-None-Match."""

    at: str
    method: str
    path: str
    query: dict[str, str]
    login: str | None
    conditional: bool
    body: Any
    status: int


class Journal:
    """The latest requests, oldest first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=_LONGEST)

    def add(self, entry: Entry) -> None:
        """Note one request."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[Entry]:
        """All that is kept."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._entries.clear()
