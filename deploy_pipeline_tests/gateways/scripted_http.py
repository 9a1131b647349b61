"""A small HTTP server that answers what a test tells it and keeps what it was asked."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """An answer; with `drop` the connection is closed instead."""

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


@dataclass(frozen=True)
class Asked:
    """A recorded request. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class ScriptedHttp:
    """Gives the replies in turn; the last one stays."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self._replies = list(replies)
        self.asked: list[Asked] = []
        self.url = ""

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


class Server(ThreadingHTTPServer):
    """Listens on a free loopback port and answers from the script."""

    def __init__(self, script: ScriptedHttp) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        script.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.script.reply(Asked(self.command, self.path, headers, body))
        if reply.drop:
            self.close_connection = True
            return
        content = reply.body.encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@contextmanager
def scripted_http(*replies: Reply) -> Iterator[ScriptedHttp]:
    """Serve for the length of the block."""
    script = ScriptedHttp(replies)
    with Server(script) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield script
        server.shutdown()
