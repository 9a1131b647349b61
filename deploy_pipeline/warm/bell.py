"""Tells the daemon that the queue of runs is worth a look now. A ring that is lost costs the daemon's interval."""

import contextlib
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy_pipeline.warm.wire import reachable

SOCKET = "queue.sock"


def ring(home: Path) -> None:
    """Wake the daemon of the instance in `home`, if one listens."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        with reachable(home, SOCKET) as path:
            sender.sendto(b"!", path)


class Bell:
    """The daemon's end, for the owner only."""

    def __init__(self, home: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (home / SOCKET).unlink(missing_ok=True)
        with reachable(home, SOCKET) as path:
            self._socket.bind(path)
            os.chmod(path, 0o600)  # noqa: PTH101  (the short path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most `seconds`; whether it rang. What has rung several times counts as one."""
        rang = False
        try:
            self._socket.settimeout(seconds)
            rang = bool(self._socket.recv(1))
            self._socket.setblocking(False)
            while True:
                self._socket.recv(1)
        except (TimeoutError, BlockingIOError):
            return rang
        except OSError:
            time.sleep(seconds)  # never in a hurry without the bell
            return rang
