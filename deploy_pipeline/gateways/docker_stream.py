"""The events that a build or push answers with: their text, and an end to them that does not wait for the engine."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from docker import APIClient
from requests import Response

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.interruptions import begin

Event = dict[str, Any]


def said(event: Event) -> list[str]:
    """The lines of an event for people; progress bars are left out."""
    if "stream" in event:
        return [line for line in str(event["stream"]).splitlines() if line.strip()]
    if "status" in event and not event.get("progress"):
        return [" ".join(str(event[key]) for key in ("id", "status") if event.get(key))]
    return []


class _Watch:
    """Cuts the connection of the last answer when the time is up: the engine then cancels what it was doing."""

    def __init__(self) -> None:
        self.expired = False
        self._over = False
        self._response: Response | None = None

    def saw(self, response: Response, *_: object, **__: object) -> None:
        self._response = response
        if self._over:
            self._cut()

    def expire(self) -> None:
        self.expired = True
        self.end()

    def end(self) -> None:
        """Also of an answer that is only to come."""
        self._over = True
        self._cut()

    def _cut(self) -> None:
        # A read that blocks in another thread ends only when the socket is shut down; a stream that ended has none.
        if self._response is None:
            return
        with (
            suppress(OSError, ValueError, AttributeError),
            socket.socket(fileno=os.dup(self._response.raw.fileno())) as own,
        ):
            own.shutdown(socket.SHUT_RDWR)


@contextmanager
def ended_after(client: APIClient, timeout: float, where: str) -> Iterator[None]:
    """Give the client's next request `timeout` seconds in all, however slowly or silently its answer comes.

    On leaving, also by a cancellation, the connection is closed: the engine stops a build that nobody reads.
    """
    watch = _Watch()
    client.hooks["response"].append(watch.saw)
    timer = threading.Timer(timeout, watch.expire)
    timer.daemon = True
    try:
        begin(timer)
        yield
    except Exception as error:
        if watch.expired:
            raise _too_long(timeout, where) from error
        raise
    finally:
        timer.cancel()
        # Not closed: that would wait for the thread that reads it.
        watch.end()
    if watch.expired:
        raise _too_long(timeout, where)


def _too_long(timeout: float, where: str) -> DeployError:
    return DeployError(
        f"did not end within {timeout:g} s and was stopped",
        where=where,
        todo="look at its last step in the log; raise the time-out if it was working",
    )
