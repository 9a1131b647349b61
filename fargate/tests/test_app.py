"""The WSGI application, called as a server calls it, over a store with or without a model."""

import io
import json
from typing import Any
from wsgiref.util import setup_testing_defaults

import numpy as np
import pytest

from fargate.inference.app import MAX_BODY_BYTES, App
from fargate.inference.model_store import Input, LoadedModel, ModelStore

INPUTS = (Input("sessions", 0.0), Input("days", 0.0))


class HalfOfSessions:
    """An estimator whose probability is easy to foretell."""

    def predict_proba(self, rows: Any) -> Any:
        probability = rows[:, 0] / 2
        return np.column_stack([1 - probability, probability])


class BrokenEstimator:
    """An estimator that fails."""

    def predict_proba(self, rows: Any) -> Any:
        raise RuntimeError("secret detail")


def make_app(estimator: object | None = None) -> App:
    store = ModelStore(None, "models", "latest/model.joblib")  # type: ignore[arg-type] # never asked for anything
    if estimator is not None:
        store.model, store.problem = LoadedModel("run-1", "abc", "etag", True, INPUTS, estimator), None
    return App(store)


def call(app: App, method: str, path: str, body: bytes = b"") -> tuple[str, Any]:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body))}
    environ["wsgi.input"] = io.BytesIO(body)
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        started.extend([status, dict(headers)])

    content = b"".join(app(environ, start_response))
    assert started[1]["Content-Type"] == "application/json"
    if method == "HEAD":
        return started[0], content
    assert started[1]["Content-Length"] == str(len(content))
    return started[0], json.loads(content)


def post(app: App, payload: Any) -> tuple[str, Any]:
    return call(app, "POST", "/score", json.dumps(payload).encode())


def test_health_answers_200_without_a_model() -> None:
    assert call(make_app(), "GET", "/health") == (
        "200 OK",
        {
            "status": "ok",
            "model": None,
            "source": "s3://models/latest/model.joblib",
            "problem": "the model is not loaded yet",
        },
    )


def test_health_names_the_model() -> None:
    _, body = call(make_app(HalfOfSessions()), "GET", "/health")
    assert body["model"] == {"run_id": "run-1", "sha256": "abc", "verified": True}
    assert body["problem"] is None


def test_health_answers_head_without_a_body() -> None:
    assert call(make_app(), "HEAD", "/health") == ("200 OK", b"")


def test_score_answers_503_without_a_model() -> None:
    assert post(make_app(), {"customers": [{}]}) == (
        "503 Service Unavailable",
        {"error": "no model is loaded: the model is not loaded yet"},
    )


def test_score_answers_in_the_order_of_the_request() -> None:
    customers = [{"customer_id": "b", "sessions": 1, "days": 0, "extra": "x"}, {"sessions": 0.5, "days": 3}]
    assert post(make_app(HalfOfSessions()), {"customers": customers}) == (
        "200 OK",
        {
            "model": {"run_id": "run-1", "sha256": "abc"},
            "scores": [
                {"customer_id": "b", "conversion_probability": 0.5},
                {"customer_id": None, "conversion_probability": 0.25},
            ],
        },
    )


@pytest.mark.parametrize(
    ("customers", "message"),
    [
        ([], "a list of 1 to 1000"),
        ([{"sessions": 1, "days": 0}] * 1001, "a list of 1 to 1000"),
        ({}, "a list of 1 to 1000"),
        ([7], "customers[0] must be an object"),
        ([{"sessions": 1, "days": 0}, {"sessions": 1}], "customers[1].days is missing"),
        ([{"sessions": "1", "days": 0}], "customers[0].sessions must be a number"),
        ([{"sessions": True, "days": 0}], "customers[0].sessions must be a number"),
        ([{"sessions": None, "days": 0}], "customers[0].sessions must be a number"),
        ([{"sessions": -1, "days": 0}], "customers[0].sessions must be finite and at least 0"),
        ([{"sessions": float("nan"), "days": 0}], "customers[0].sessions must be finite"),
        ([{"sessions": float("inf"), "days": 0}], "customers[0].sessions must be finite"),
        ([{"sessions": 10**400, "days": 0}], "customers[0].sessions must be finite"),
    ],
)
def test_score_answers_400_and_names_the_field(customers: Any, message: str) -> None:
    status, body = post(make_app(HalfOfSessions()), {"customers": customers})
    assert (status, message in body["error"]) == ("400 Bad Request", True)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_score_answers_400_when_the_body_is_not_json(body: bytes) -> None:
    status, answer = call(make_app(HalfOfSessions()), "POST", "/score", body)
    assert (status, "not JSON" in answer["error"]) == ("400 Bad Request", True)


def test_score_answers_413_for_a_huge_body() -> None:
    status, _ = call(make_app(HalfOfSessions()), "POST", "/score", b" " * (MAX_BODY_BYTES + 1))
    assert status == "413 Content Too Large"


def test_score_reads_a_chunked_body() -> None:
    app, environ = make_app(HalfOfSessions()), dict[str, Any]()
    setup_testing_defaults(environ)
    body = io.BytesIO(b'{"customers": [{"sessions": 1, "days": 0}]}')
    environ |= {"REQUEST_METHOD": "POST", "PATH_INFO": "/score", "wsgi.input": body, "wsgi.input_terminated": True}
    assert app.answer(environ)[0] == 200


def test_score_hides_an_unexpected_failure(caplog: pytest.LogCaptureFixture) -> None:
    answer = post(make_app(BrokenEstimator()), {"customers": [{"sessions": 1, "days": 0}]})
    assert answer == ("500 Internal Server Error", {"error": "internal error"})
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", "404 Not Found"),
        ("GET", "/score", "405 Method Not Allowed"),
        ("DELETE", "/health", "405 Method Not Allowed"),
    ],
)
def test_route_refuses_what_it_does_not_know(method: str, path: str, status: str) -> None:
    assert call(make_app(), method, path)[0] == status
