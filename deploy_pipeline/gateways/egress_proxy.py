"""The one way out of a box that has hosts: a small HTTP proxy that connects to what is allowed and to nothing else.

It looks up names itself and connects to the address that it checked. What is inside a connection it does not see.
"""

import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from deploy_pipeline.core.egress import EgressRules, Route, may_connect, route
from deploy_pipeline.gateways.interruptions import begin, finally_done

HEAD_BYTES = 32 * 1024
CHUNK = 64 * 1024
CONNECT_SECONDS = 20.0
IDLE_SECONDS = 300.0
CONNECTIONS = 128
REMEMBERED = 100
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HOP_HEADERS = (b"proxy-", b"connection:", b"keep-alive:")


class EgressProxy:
    """A running proxy; `port` is 0 on a UNIX socket.

    `refused` is what boxes asked for and did not get, as `host:port`; text of untrusted code.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.refused: list[str] = []

    def refuse(self, target: str) -> None:
        """Remember a refusal; the first hundred different ones."""
        shown = target[:200]
        if shown not in self.refused and len(self.refused) < REMEMBERED:
            self.refused.append(shown)


@contextmanager
def egress_proxy(address: str, rules: EgressRules) -> Iterator[EgressProxy]:
    """A proxy at `address` on a free port, for as long as the context."""
    server = _TcpServer((address, 0), _Connection)
    with _serving(server, EgressProxy(int(server.server_address[1])), rules) as proxy:
        yield proxy


@contextmanager
def egress_socket(path: str, rules: EgressRules) -> Iterator[EgressProxy]:
    """A proxy on a new UNIX socket at `path`, for as long as the context."""
    with _serving(_UnixServer(path, _Connection), EgressProxy(0), rules) as proxy:
        yield proxy


@contextmanager
def _serving(server: "_TcpServer | _UnixServer", proxy: EgressProxy, rules: EgressRules) -> Iterator[EgressProxy]:
    server.rules, server.proxy = rules, proxy
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        begin(thread)
        with finally_done(server.cut), finally_done(server.shutdown):
            yield proxy


class _Serving(socketserver.ThreadingMixIn):
    daemon_threads = True
    # The context must end even when a connection hangs: the threads are cut off instead of waited for.
    block_on_close = False
    # A connection to a UNIX socket fails instead of waiting when the queue is full.
    request_queue_size = CONNECTIONS
    rules: EgressRules
    proxy: EgressProxy

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.slots = threading.BoundedSemaphore(CONNECTIONS)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    @contextmanager
    def tracked(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke is the business of the program at its end."""


class _TcpServer(_Serving, socketserver.TCPServer):
    pass


class _UnixServer(_Serving, socketserver.UnixStreamServer):
    pass


class _Connection(socketserver.BaseRequestHandler):
    request: socket.socket
    server: _TcpServer | _UnixServer

    def handle(self) -> None:
        if not self.server.slots.acquire(blocking=False):
            return
        try:
            with self.server.tracked(self.request):
                self._serve()
        finally:
            self.server.slots.release()

    def _serve(self) -> None:
        self.request.settimeout(CONNECT_SECONDS)
        head, rest = _head(self.request)
        method, target, forwarded = _understood(head)
        if not target:
            self.request.sendall(BAD_REQUEST)
            return
        way = route(target, self.server.rules)
        if way is None:
            self._refuse(target)
            return
        addresses = _addresses(way)
        allowed = [address for address in addresses if may_connect(address, way)]
        if addresses and not allowed:
            self._refuse(target)
            return
        upstream = _connected(allowed, way.port)
        if upstream is None:
            self.request.sendall(UNREACHABLE)
            return
        with upstream, self.server.tracked(upstream):
            if method == b"CONNECT":
                self.request.sendall(CONNECTED)
            upstream.sendall(forwarded + rest)
            _pump(self.request, upstream)

    def _refuse(self, target: str) -> None:
        self.server.proxy.refuse(target)
        self.request.sendall(FORBIDDEN)


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The request's head, and what came after it. An endless or broken head is an empty one."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(CHUNK)
        data += chunk
        if not chunk or len(data) > HEAD_BYTES:
            return b"", b""
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _understood(head: bytes) -> tuple[bytes, str, bytes]:
    """The method, the target as `host:port` ("" where it is not a proxy's request), and what to send there first."""
    first, *headers = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3:  # noqa: PLR2004  (method, target, version)
        return b"", "", b""
    method, target = words[0], words[1].decode("latin-1")
    if method == b"CONNECT":
        return method, target, b""
    try:
        url = urlsplit(target)
        port = url.port or 80
    except ValueError:
        return method, "", b""
    if url.scheme != "http" or not url.hostname:
        return method, "", b""
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    kept = [line for line in headers if not line.lower().startswith(HOP_HEADERS)]
    lines = [b" ".join((method, path.encode("latin-1"), words[2])), *kept, b"Connection: close"]
    return method, f"{url.hostname}:{port}", b"\r\n".join(lines) + b"\r\n\r\n"


def _addresses(way: Route) -> list[str]:
    with suppress(OSError):
        return [str(found[4][0]) for found in socket.getaddrinfo(way.host, way.port, type=socket.SOCK_STREAM)]
    return []


def _connected(addresses: list[str], port: int) -> socket.socket | None:
    """A connection to the first address that answers."""
    for address in addresses:
        with suppress(OSError):
            return socket.create_connection((address, port), CONNECT_SECONDS)
    return None


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until both ends are done, or nothing came for a while."""
    with selectors.DefaultSelector() as selector:
        for source, sink in ((one, other), (other, one)):
            source.settimeout(IDLE_SECONDS)
            selector.register(source, selectors.EVENT_READ, (source, sink))
        while selector.get_map():
            ready = selector.select(IDLE_SECONDS)
            if not ready:
                return
            for key, _ in ready:
                source, sink = key.data
                data = source.recv(CHUNK)
                if data:
                    sink.sendall(data)
                    continue
                selector.unregister(source)
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
