"""engagement_api: routing, validation, and forwarding to a real HTTP server on the loopback interface."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest


class Inference:
    """An inference service that answers what it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status, self.content = 200, b'{"scores": [{"score": 0.5}]}'
        self.requests: list[tuple[str, Any]] = []
        inference = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inference.requests.append((self.path, json.loads(body)))
                self.send_response(inference.status)
                self.send_header("Content-Length", str(len(inference.content)))
                self.end_headers()
                self.wfile.write(inference.content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def inference(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inference]:
    service = Inference()
    monkeypatch.setenv("INFERENCE_URL", f"{service.url}/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    thread = threading.Thread(target=service.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()


@pytest.fixture
def function(load_function: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delenv("INFERENCE_URL", raising=False)
    return load_function("engagement_api")


def call(function: ModuleType, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
    answer = function.handler({"httpMethod": method, "path": path, "body": body, **more}, None)
    assert answer["headers"]["Content-Type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_health_says_which_version_answers(function: ModuleType, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    assert call(function, method, "/v1/health/") == (
        200,
        {"status": "ok", "version": "7", "scoring_configured": False},
    )


def test_handler_answers_the_shortest_event(function: ModuleType) -> None:
    assert function.handler({"httpMethod": "GET", "path": "/v1/health"}, None)["statusCode"] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/v2/health", 404), ("GET", "/v1/score", 405), ("DELETE", "/v1/health", 405)],
)
def test_route_refuses_what_it_does_not_know(function: ModuleType, method: str, path: str, status: int) -> None:
    assert call(function, method, path)[0] == status


def test_route_names_the_allowed_methods(function: ModuleType) -> None:
    answer = function.handler({"httpMethod": "GET", "path": "/v1/score"}, None)
    assert answer["headers"]["Allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "not JSON"),
        ("{", "not JSON"),
        ("[]", 'a list "customers"'),
        ('{"customers": {}}', 'a list "customers"'),
        ('{"customers": []}', "1 to 1000 entries, not 0"),
        (json.dumps({"customers": [{}] * 1001}), "not 1001"),
        ('{"customers": [{}, 5]}', "customers[1] must be an object"),
    ],
)
def test_score_answers_400_for_bad_input(
    function: ModuleType, inference: Inference, body: str | None, message: str
) -> None:
    status, answer = call(function, "POST", "/v1/score", body)
    assert (status, message in answer["error"]) == (400, True)
    assert inference.requests == []


@pytest.mark.parametrize("encoded", [False, True])
def test_score_forwards_the_customers(function: ModuleType, inference: Inference, encoded: bool) -> None:
    text = json.dumps({"customers": [{"sessions_last_7_days": 3}], "other": "dropped"})
    body = base64.b64encode(text.encode()).decode() if encoded else text
    assert call(function, "POST", "/v1/score", body, isBase64Encoded=encoded) == (200, {"scores": [{"score": 0.5}]})
    assert inference.requests == [("/score", {"customers": [{"sessions_last_7_days": 3}]})]


@pytest.mark.parametrize(
    ("upstream", "expected"),
    [
        ((400, b'{"error": "sessions_last_7_days is missing"}'), (400, "sessions_last_7_days is missing")),
        ((503, b'{"error": "no model"}'), (502, "answered 503: no model")),
        ((500, b"<html>"), (502, "answered 500: <html>")),
        ((200, b"<html>"), (502, "did not answer properly")),
        ((200, b"[]"), (502, "did not answer with an object")),
    ],
)
def test_score_translates_upstream_trouble(
    function: ModuleType, inference: Inference, upstream: tuple[int, bytes], expected: tuple[int, str]
) -> None:
    inference.status, inference.content = upstream
    status, answer = call(function, "POST", "/v1/score", '{"customers": [{}]}')
    assert status == expected[0]
    assert expected[1] in answer["error"]


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("", 503, "INFERENCE_URL is empty"),
        ("file:///etc/passwd", 503, "not an HTTP URL"),
        ("http://127.0.0.1:1", 502, "did not answer properly"),
    ],
)
def test_score_without_a_reachable_service(
    function: ModuleType, monkeypatch: pytest.MonkeyPatch, url: str, status: int, message: str
) -> None:
    monkeypatch.setenv("INFERENCE_URL", url)
    got, answer = call(function, "POST", "/v1/score", '{"customers": [{}]}')
    assert (got, message in answer["error"]) == (status, True)
