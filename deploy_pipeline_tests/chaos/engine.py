"""Stands between the pipeline and the Docker engine, and can go away as an engine that is restarted does."""

import re
import socket
import threading
from contextlib import suppress
from pathlib import Path

from deploy_pipeline_tests.chaos.proxy import CHUNK, Traps

ENGINE = Path("/var/run/docker.sock")
REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) (?:/v[\d.]+)?(/[^ ?]*)\S* HTTP/1\.1\r\n")


class EngineProxy:
    """Forwards a UNIX socket in `folder` to the engine at `target`, until it is closed.

    An exchange is called `docker POST /build`. It is broken like one with AWS, `after` its first answer: in the middle.
    """

    def __init__(self, folder: Path, traps: Traps, target: Path = ENGINE) -> None:
        self.path = folder / "engine.sock"
        self._target = target
        self._traps = traps
        self._open: set[socket.socket] = set()
        self._timers: list[threading.Timer] = []
        self.listen()

    @property
    def url(self) -> str:
        """Its own address, for DOCKER_HOST."""
        return f"unix://{self.path}"

    def listen(self) -> None:
        """Serve from now on."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def go_away(self) -> None:
        """End every connection, and accept none. The engine ends what it does for a client that has gone."""
        self.path.unlink(missing_ok=True)
        for each in (self._listener, *self._open):
            _end(each)

    def restart(self, seconds: float) -> None:
        """Be away for so long."""
        self.go_away()
        self._timers.append(threading.Timer(seconds, self.listen))
        self._timers[-1].start()

    def close(self) -> None:
        """Be away for good."""
        for timer in self._timers:
            timer.cancel()
        self.go_away()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(str(self._target))
                self._open |= {client, engine}
                asked: list[str] = []
                for pump in (self._ask, self._answer):
                    threading.Thread(target=pump, args=[client, engine, asked], daemon=True).start()

    def _ask(self, client: socket.socket, engine: socket.socket, asked: list[str]) -> None:
        with suppress(OSError):
            while chunk := client.recv(CHUNK):
                if found := REQUEST.match(chunk):
                    asked[:] = [f"docker {found[1].decode()} {found[2].decode()}"]
                    if self._traps.at(asked[0], "before") != "go on":
                        break
                engine.sendall(chunk)
            else:
                engine.shutdown(socket.SHUT_WR)
                return
        self._drop(client, engine)

    def _answer(self, client: socket.socket, engine: socket.socket, asked: list[str]) -> None:
        with suppress(OSError):
            while chunk := engine.recv(CHUNK):
                client.sendall(chunk)
                if asked and self._traps.at(asked.pop(), "after") != "go on":
                    break
        self._drop(client, engine)

    def _drop(self, client: socket.socket, engine: socket.socket) -> None:
        self._open -= {client, engine}
        _end(client)
        _end(engine)


def _end(connection: socket.socket) -> None:
    """Wake whoever waits at it, and close it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
