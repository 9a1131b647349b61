"""A Codecov that takes uploads over HTTP as version 4 of its interface is documented, and keeps them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class CodecovDouble(ThreadingHTTPServer):
    """`status` and `answer` stand for its answer to the announcement; by default it says where to put the report."""

    def __init__(self, status: int = 200, answer: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.status = status
        self.answer = f"{self.url}/result\n{self.url}/put?signature=1" if answer is None else answer
        self.announced: list[str] = []
        self.uploads: dict[str, str] = {}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: CodecovDouble

    def do_POST(self) -> None:
        """Where to put the report."""
        self.server.announced.append(self.path)
        self._say(self.server.status, self.server.answer)

    def do_PUT(self) -> None:
        """The report."""
        self.server.uploads[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(200, "")

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@contextmanager
def codecov_double(status: int = 200, answer: str | None = None) -> Iterator[CodecovDouble]:
    """Serve for the length of the block."""
    with CodecovDouble(status, answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()
