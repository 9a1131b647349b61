"""The primary rate limit: so many requests per login and hour. Counts only; the gate answers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
DEFAULT_LIMIT = 5000


@dataclass(frozen=True)
class Quota:
    """What is left of a login's window; `reset` is in seconds since the epoch."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """How many requests are left."""
        return max(0, self.limit - self.used)

    def body(self) -> dict[str, int | str]:
        """GitHub's JSON shape."""
        return {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "reset": self.reset,
            "resource": "core",
        }

    def headers(self) -> dict[str, str]:
        """The X-RateLimit headers."""
        return {f"x-ratelimit-{name}": str(value) for name, value in self.body().items()}


class RateLimit:
    """The quotas of all logins, in memory. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], datetime], limit: int = DEFAULT_LIMIT) -> None:
        self._clock = clock
        self._limit = limit
        self._quotas: dict[str, Quota] = {}
        self._lock = threading.Lock()

    def quota(self, login: str) -> Quota:
        """The present quota; counts nothing."""
        with self._lock:
            return self._current(login)

    def take(self, login: str) -> bool:
        """Count one request; False, and nothing counted, when none is left."""
        with self._lock:
            quota = self._current(login)
            if not quota.remaining:
                return False
            self._quotas[login] = replace(quota, used=quota.used + 1)
            return True

    def give_back(self, login: str) -> None:
        """Uncount one request: a 304 is free."""
        with self._lock:
            quota = self._current(login)
            self._quotas[login] = replace(quota, used=max(0, quota.used - 1))

    def force(self, login: str, remaining: int, reset_in: int) -> None:
        """Put a login's quota where a test or a demonstration wants it; `reset_in` is in seconds."""
        reset = int(self._clock().timestamp()) + reset_in
        with self._lock:
            self._quotas[login] = Quota(self._limit, max(0, self._limit - remaining), reset)

    def clear(self) -> None:
        """Forget all counts."""
        with self._lock:
            self._quotas.clear()

    def _current(self, login: str) -> Quota:
        now = self._clock()
        quota = self._quotas.get(login)
        if quota is None or quota.reset <= now.timestamp():
            quota = self._quotas[login] = Quota(self._limit, 0, int((now + WINDOW).timestamp()))
        return quota
