"""A server on this machine that speaks enough of the Docker engine's API to be as broken as a test needs."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Event = dict[str, Any]
Stream = Iterable[Event]
Answer = tuple[int, Stream]


class DockerApi(ThreadingHTTPServer):
    """Answers each POST with the next of `answers`: a status and the events of its body."""

    daemon_threads = True

    def __init__(self, answers: Iterable[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = iter(answers)
        self.posts: list[tuple[str, dict[str, str]]] = []

    @property
    def host(self) -> str:
        return f"tcp://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: DockerApi

    def do_GET(self) -> None:
        self._answer(200, [{"ApiVersion": "1.41", "Version": "20.10.24"}])

    def do_POST(self) -> None:
        self.server.posts.append((self.path, dict(self.headers)))
        self._discard_body()
        self._answer(*next(self.server.answers))

    def _discard_body(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, events: Stream) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for event in events:
                body = json.dumps(event).encode() + b"\r\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
        except ConnectionAbortedError:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@contextmanager
def docker_api(*answers: Answer) -> Iterator[DockerApi]:
    """Serve `answers` until the block ends."""
    with DockerApi(answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def stalled(*events: Event, until: threading.Event) -> Stream:
    """Give `events`, then say nothing until the test is over."""

    def produce() -> Iterator[Event]:
        yield from events
        until.wait()

    return produce()
