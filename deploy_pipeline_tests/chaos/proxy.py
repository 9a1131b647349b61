"""Stands between the pipeline and the emulated AWS, and breaks the exchange that it is told to break."""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from deploy_pipeline_tests.chaos.operations import operation

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "proxy-connection"}
CHUNK = 1 << 16
Moment = Literal["before", "after"]
What = Literal["go on", "drop", "hang", "throttle", "fail"]
HANG_SECONDS = 300.0  # longer than any client waits
ANSWERS = {
    "throttle": (429, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'),
    "fail": (500, b'{"__type": "InternalServerError", "message": "chaos"}'),
}


@dataclass
class Trap:
    """Springs at the exchanges whose operation matches: at those with the numbers `first` to `last` (from 1).

    Not before an exchange that matches `armed_by`. `act` is called in the middle, `before` AWS has the request or
    `after` it has done what it asks; `what` becomes of the exchange then. `trouble` is what went wrong with `act`.
    """

    pattern: str
    moment: Moment = "before"
    what: What = "go on"
    first: int = 1
    last: int = 1
    act: Callable[[], object] = lambda: None
    armed_by: str = ""
    seen: int = 0
    done: bool = False
    trouble: str = ""

    def springs(self, name: str, moment: Moment) -> bool:
        """Whether this is an exchange to break; counts it."""
        if self.armed_by:
            if re.search(self.armed_by, name):
                self.armed_by = ""
            return False
        if moment != self.moment or not re.search(self.pattern, name):
            return False
        self.seen += 1
        return self.first <= self.seen <= self.last


@dataclass
class Traps:
    """The traps that are set, and every operation that went through."""

    trap: Trap | None = None
    passed: list[str] = field(default_factory=list)
    away: tuple[str, float] = ("", 0.0)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def shut(self, pattern: str, seconds: float) -> None:
        """For so many seconds, nothing that matches gets through."""
        self.away = (pattern, time.monotonic() + seconds)

    def at(self, name: str, moment: Moment) -> What:
        """What is to become of an exchange."""
        pattern, until = self.away
        if pattern and pattern in name and time.monotonic() < until:
            return "drop"
        with self.lock:
            if moment == "before":
                self.passed.append(name)
            trap = self.trap
            springs = trap is not None and trap.springs(name, moment)
        if trap is None or not springs:
            return "go on"
        try:
            trap.act()
        except Exception as error:  # noqa: BLE001  (said by whoever waits for the trap)
            trap.trouble = str(error)
        finally:
            trap.done = True
        return trap.what


class Proxy(ThreadingHTTPServer):
    """Forwards to `target` (a URL). Listens on a free port of the loopback interface until it is closed."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.target = urlsplit(target)
        self.traps = Traps()
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in the middle is what this is for."""


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _exchange(self) -> None:
        body = self._body()
        name = operation(self.command, self.path, dict(self.headers.items()), body)
        if self._broken(self.server.traps.at(name, "before")):
            return
        connection = HTTPConnection(self.server.target.hostname or "", self.server.target.port, timeout=600)
        try:
            answer = self._forwarded(connection, body)
            if not self._broken(self.server.traps.at(name, "after")):
                self._give(answer)
        except (OSError, HTTPException):
            self._drop()
        finally:
            connection.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _exchange

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                continue
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _forwarded(self, connection: HTTPConnection, body: bytes) -> HTTPResponse:
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for header, value in self.headers.items():
            if header.lower() not in HOP_BY_HOP | {"content-length"}:
                connection.putheader(header, value)
        if body or self.command in ("PUT", "POST", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection.getresponse()

    def _give(self, answer: HTTPResponse) -> None:
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for header, value in answer.getheaders():
            if header.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(header, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        if length is not None and answer.status not in (204, 304):
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    def _broken(self, what: What) -> bool:
        if what == "go on":
            return False
        if what == "hang":
            self._wait_for_the_client()
        if what in ("drop", "hang"):
            self._drop()
            return True
        status, content = ANSWERS[what]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return True

    def _wait_for_the_client(self) -> None:
        """Say nothing until it hangs up: it sends nothing more before it has an answer."""
        self.connection.settimeout(HANG_SECONDS)
        with suppress(OSError):
            self.connection.recv(1, socket.MSG_PEEK)

    def _drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
