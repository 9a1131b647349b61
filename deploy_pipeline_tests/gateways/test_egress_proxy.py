"""The proxy of boxes, over real connections on this machine."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy_pipeline.core.egress import EgressRules
from deploy_pipeline.gateways.egress_proxy import HEAD_BYTES, EgressProxy, egress_proxy

HERE = "127.0.0.1"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        names = ",".join(sorted(self.headers))
        answer = f"{self.path}|{self.headers['Host']}|{names}|".encode() + body
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[int]:
    with http.server.ThreadingHTTPServer((HERE, 0), Echo) as echo:
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        yield echo.server_address[1]
        echo.shutdown()


def asked(proxy: EgressProxy, request: bytes) -> bytes:
    """Everything that the proxy answers, to its end."""
    with socket.create_connection((HERE, proxy.port), 10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def post(target: str, body: bytes = b"hi") -> bytes:
    head = f"POST {target} HTTP/1.1\r\nHost: aws.internal:4566\r\nProxy-Authorization: x\r\nConnection: keep-alive\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def redirected(port: int) -> Iterator[EgressProxy]:
    with egress_proxy(HERE, EgressRules((), {"aws.internal:4566": f"{HERE}:{port}"})) as proxy:
        yield proxy


def test_a_redirect_leads_to_this_machine(server: int) -> None:
    with redirected(server) as proxy:
        answer = asked(proxy, post("http://aws.internal:4566/a/b?c=d"))
    assert answer.startswith(b"HTTP/1.0 200") or answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"/a/b?c=d|aws.internal:4566|Connection,Content-Length,Host|hi")


def test_connect_carries_bytes_both_ways(server: int) -> None:
    with redirected(server) as proxy, socket.create_connection((HERE, proxy.port), 10) as connection:
        connection.sendall(b"CONNECT aws.internal:4566 HTTP/1.1\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        connection.sendall(b"POST /x HTTP/1.0\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + b"z" * 300_000)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.endswith(b"z" * 300_000)


def test_what_is_not_allowed_is_refused_and_remembered(server: int) -> None:
    with egress_proxy(HERE, EgressRules((f"localhost:{server}",))) as proxy:
        targets = (
            f"http://{HERE}:{server}/", "http://169.254.169.254/latest", "http://aws.internal:4566/",
            f"http://localhost:{server}/",
        )  # fmt: skip
        answers = [asked(proxy, post(target)).splitlines()[0] for target in targets]
        assert asked(proxy, b"CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403")
        assert answers == [b"HTTP/1.1 403 Forbidden"] * 4
        assert proxy.refused == [
            f"{HERE}:{server}", "169.254.169.254:80", "aws.internal:4566", f"localhost:{server}",
        ]  # fmt: skip


def test_refusals_are_remembered_within_bounds() -> None:
    with egress_proxy(HERE, EgressRules()) as proxy:
        for number in range(200):
            proxy.refuse(f"{number}" + "x" * 10_000)
        assert (len(proxy.refused), max(map(len, proxy.refused))) == (100, 200)


@pytest.mark.parametrize(
    "request_", [b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET ftp://x/ HTTP/1.1\r\n\r\n", b"x" * (HEAD_BYTES + 1),
                 b"GET http://x:99999/ HTTP/1.1\r\n\r\n", b"GET http://[/ HTTP/1.1\r\n\r\n"],
)  # fmt: skip
def test_what_is_no_request_to_a_proxy_is_refused(request_: bytes) -> None:
    with egress_proxy(HERE, EgressRules(("x:80",))) as proxy:
        assert asked(proxy, request_).startswith(b"HTTP/1.1 400")


def test_an_end_that_does_not_answer_is_a_bad_gateway() -> None:
    with socket.socket() as closed:
        closed.bind((HERE, 0))
        port = closed.getsockname()[1]
    with redirected(port) as proxy:
        assert asked(proxy, post("http://aws.internal:4566/")).startswith(b"HTTP/1.1 502")


def test_the_end_of_the_proxy_ends_its_connections(server: int) -> None:
    with redirected(server) as proxy:
        connection = socket.create_connection((HERE, proxy.port), 10)
        connection.sendall(b"CONNECT aws.internal:4566 HTTP/1.1\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    with connection:
        assert connection.recv(100) == b""
