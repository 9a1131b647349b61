"""What a warm server does about a code server that is not its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy_pipeline.warm.code_server import NAME, SOCKET, CodeServer, serving

LISTENING = """
import ctypes, signal, socket, sys, time
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # whoever runs the tests may have it blocked
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen()
print("listening", flush=True)
time.sleep(600)
"""


@contextmanager
def listening(home: Path, name: str) -> Iterator["subprocess.Popen[str]"]:
    argv = [sys.executable, "-c", LISTENING, name, str(home / SOCKET)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        try:
            yield process
        finally:
            process.kill()


class Server(CodeServer):
    """Counts what it forks."""

    def mended(self) -> int | None:
        """One look, as if the last one were long ago."""
        self.not_before = 0.0
        self.mend(lambda work, name: 4711)
        return self.pid


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path, tmp_path, "location", "module", print)


def test_one_of_a_warm_server_that_was_killed_is_ended_and_replaced(server: Server) -> None:
    with listening(server.home, NAME) as left:
        assert serving(server.home) == left.pid
        assert server.mended() is None
        left.wait(10)
        assert server.mended() == 4711


def test_another_program_at_the_socket_is_left_alone(server: Server) -> None:
    with listening(server.home, "somebody-else") as other:
        assert serving(server.home) == 0
        assert server.mended() is None
        assert other.poll() is None


def test_where_nothing_listens_one_is_started(server: Server) -> None:
    assert serving(server.home) is None
    assert server.mended() == 4711
