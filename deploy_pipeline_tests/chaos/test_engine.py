"""The proxy before the Docker engine, before an engine that answers everything in two parts."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline_tests.chaos.engine import EngineProxy
from deploy_pipeline_tests.chaos.proxy import Trap, Traps

BUILD = b"POST /v1.45/build?t=x HTTP/1.1\r\nHost: docker\r\n\r\n"
FIRST, SECOND = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", b"b"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Path, threading.Event]]:
    """Its socket, and what it waits for before the second part of an answer."""
    path, go_on, listener = tmp_path / "real.sock", threading.Event(), socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                answer(listener.accept()[0])

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if connection.recv(1 << 16):
                connection.sendall(FIRST)
                go_on.wait(10)
                connection.sendall(SECOND)

    threading.Thread(target=serve, daemon=True).start()
    yield path, go_on
    go_on.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def asked(proxy: EngineProxy) -> socket.socket:
    """A connection that has asked for a build."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(str(proxy.path))
    client.sendall(BUILD)
    return client


def everything(client: socket.socket) -> bytes:
    """All that is answered until the connection ends, in order or not."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while len(found) < len(FIRST + SECOND) and (part := client.recv(1 << 16)):
            found += part
    return found


def test_an_exchange_goes_through_and_is_named(tmp_path: Path, engine: tuple[Path, threading.Event]) -> None:
    proxy = EngineProxy(tmp_path, traps := Traps(), engine[0])
    engine[1].set()
    with asked(proxy) as client:
        assert everything(client) == FIRST + SECOND
    proxy.close()
    assert traps.passed == ["docker POST /build"]


def test_an_engine_that_is_restarted_ends_the_answer_and_is_there_again(
    tmp_path: Path, engine: tuple[Path, threading.Event]
) -> None:
    proxy = EngineProxy(tmp_path, traps := Traps(), engine[0])
    traps.trap = Trap("docker POST /build", "after", "drop", act=proxy.go_away)
    with asked(proxy) as client:
        assert everything(client) == FIRST
    with pytest.raises(FileNotFoundError):
        asked(proxy)
    engine[1].set()
    proxy.listen()
    with asked(proxy) as client:
        assert everything(client) == FIRST + SECOND
    proxy.close()
