"""The code server of the instance: one for the web server and the daemon, forked from the warm server too."""

import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dagster._core.instance import InstanceRef
from dagster._serdes import serialize_value

from deploy_pipeline.warm.wire import reachable

NAME = "code-server"
SOCKET = "code.sock"
AGAIN_SECONDS = 5.0
STOP_SECONDS = 20.0

Fork = Callable[[Callable[[], int], str], int]


@dataclass
class CodeServer:
    """Kept running. `location` is its name in Dagster; `folder` is where the module's files are found from."""

    home: Path
    folder: Path
    location: str
    module: str
    say: Callable[[str], None]
    pid: int | None = None
    not_before: float = 0.0
    kill_at: float | None = None

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
            if not answers(self.home):  # one that a killed warm server has left goes on serving
                self.pid = fork(self.run, NAME)

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
        from dagster._cli.api import grpc_command  # noqa: PLC0415  (loads gRPC: never in the process that forks)

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


def answers(home: Path) -> bool:
    """Whether something listens at the code server's socket."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with probe, reachable(home, SOCKET) as path:
        return probe.connect_ex(path) == 0
