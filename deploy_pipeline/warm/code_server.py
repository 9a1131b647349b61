"""The code server of the instance: one for the web server and the daemon, forked from the warm server too."""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dagster._core.instance import InstanceRef
from dagster._serdes import serialize_value

from deploy_pipeline.warm.wire import peer, reachable

NAME = "code-server"
SOCKET = "code.sock"
AGAIN_SECONDS = 5.0
SOON_SECONDS = 1.0
STOP_SECONDS = 20.0

Fork = Callable[[Callable[[], int], str], int]


@dataclass
class CodeServer:
    """Kept running. `location` is its name in Dagster; `folder` is where the module's files are found from.

    It `replaces` one that an earlier warm server has left, unless the code of now cannot be loaded.
    """

    home: Path
    folder: Path
    location: str
    module: str
    say: Callable[[str], None]
    pid: int | None = None
    not_before: float = 0.0
    kill_at: float | None = None
    left: int = 0
    left_until: float = 0.0
    replaces: bool = True

    def mend(self, fork: Fork) -> None:
        """Start it where none runs; end one that was replaced and does not go."""
        now = time.monotonic()
        if self.pid is not None:
            if self.kill_at is not None and now >= self.kill_at:
                os.kill(self.pid, signal.SIGKILL)  # our child, not reaped: the pid is its own
                self.kill_at = None
            return
        if now >= self.not_before:
            self.not_before = now + AGAIN_SECONDS
            left = serving(self.home)
            if left is None:
                self.pid = fork(self.run, NAME)
            elif left and self.replaces:
                self._end_left(left, now)

    def _end_left(self, left: int, now: float) -> None:
        """A killed warm server has left it: nobody would ever give it the new code."""
        self.not_before = now + SOON_SECONDS
        if left != self.left:
            self.say(f"ending the code server {left} of an earlier warm server")
            self.left, self.left_until = left, now + STOP_SECONDS
        with suppress(ProcessLookupError):
            os.kill(left, signal.SIGKILL if now >= self.left_until else signal.SIGTERM)

    def replace(self) -> None:
        """End it, so that the next one has the new code."""
        if self.pid is not None:
            self.kill_at = time.monotonic() + STOP_SECONDS
            os.kill(self.pid, signal.SIGTERM)

    def ended(self, status: int) -> None:
        """It is gone."""
        if self.kill_at is None:
            self.say(f"the code server ended with {status}: starting another one")
        else:
            self.not_before = 0.0
        self.pid, self.kill_at = None, None

    def run(self) -> int:
        """In the forked process: serve until SIGTERM."""
        from dagster._cli.api import grpc_command  # noqa: PLC0415  (only this process needs it)

        signal.signal(signal.SIGTERM, signal.default_int_handler)
        os.chdir(self.folder)
        grpc_command.main(self.arguments(), standalone_mode=False)
        return 0

    def arguments(self) -> list[str]:
        """Of `dagster api grpc`, as Dagster itself starts it, but without an end when nobody asks."""
        return [
            *("--socket", str(self.home / SOCKET), "--lazy-load-user-code", "--inject-env-vars-from-instance"),
            *("--instance-ref", serialize_value(InstanceRef.from_dir(str(self.home)))),
            *("--location-name", self.location, "-m", self.module, "-d", str(self.folder)),
        ]


def serving(home: Path) -> int | None:
    """The code server that listens at its socket; 0 for another program there, None where nothing listens."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with probe, reachable(home, SOCKET) as path:
        if probe.connect_ex(path):
            return None
        pid, user = peer(probe)
    with suppress(OSError):  # it ends just now
        if user == os.getuid() and Path(f"/proc/{pid}/comm").read_text().strip() == NAME:
            return pid
    return 0
