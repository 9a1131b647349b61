"""The HTTP interface of inference, as a WSGI application: health and scores. The model comes from a ModelStore.

GET  /health  200, also without a model: restarting the task would not bring one
POST /score   {"customers": [{"customer_id": "...", <every input of the model>: number}]}
"""

import json
import logging
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from fargate.inference.model_store import Input, LoadedModel, ModelStore

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

MAX_CUSTOMERS = 1000
MAX_BODY_BYTES = 1_000_000
REASONS = {
    200: "200 OK",
    400: "400 Bad Request",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}

log = logging.getLogger("inference")


class HttpError(Exception):
    """An answer other than 200: its status and a message that names what is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def read_body(environ: "WSGIEnvironment") -> Any:
    """Decode the JSON body of at most 1 MB; raises HttpError 400 or 413."""
    # Without a length the body is chunked, and may be read to its end only where the server says that it has one.
    length = environ.get("CONTENT_LENGTH") or (MAX_BODY_BYTES + 1 if environ.get("wsgi.input_terminated") else 0)
    body = environ["wsgi.input"].read(min(int(length), MAX_BODY_BYTES + 1))
    if len(body) > MAX_BODY_BYTES:
        raise HttpError(413, f"the body has more than {MAX_BODY_BYTES} bytes")
    try:
        return json.loads(body)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise HttpError(400, f"the body is not JSON: {error}") from error


def read_customers(payload: Any) -> list[dict[str, Any]]:
    """Require 1 to 1000 objects under `customers`; raises HttpError 400."""
    customers = payload.get("customers") if isinstance(payload, dict) else None
    if not isinstance(customers, list) or not 1 <= len(customers) <= MAX_CUSTOMERS:
        raise HttpError(400, f'the body must be an object with "customers", a list of 1 to {MAX_CUSTOMERS}')
    for index, customer in enumerate(customers):
        if not isinstance(customer, dict):
            raise HttpError(400, f"customers[{index}] must be an object")
    return customers


def read_input(customer: dict[str, Any], field: Input, index: int) -> float:
    """One input of one customer: a finite number, not below its minimum; raises HttpError 400 that names the field."""
    name = f"customers[{index}].{field.name}"
    if field.name not in customer:
        raise HttpError(400, f"{name} is missing")
    value = customer[field.name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise HttpError(400, f"{name} must be a number")
    if not field.minimum <= value <= sys.float_info.max:  # also refuses NaN, infinity and integers beyond any float
        raise HttpError(400, f"{name} must be finite and at least {field.minimum:g}")
    return float(value)


def score(model: LoadedModel, payload: Any) -> dict[str, Any]:
    """The probability that each customer converts, 0..1, in the order of the request."""
    customers = read_customers(payload)
    rows = [[read_input(customer, field, i) for field in model.inputs] for i, customer in enumerate(customers)]
    probabilities = model.estimator.predict_proba(np.array(rows, dtype=float))[:, 1]
    scores = [
        {"customer_id": customer.get("customer_id"), "conversion_probability": round(float(probability), 6)}
        for customer, probability in zip(customers, probabilities, strict=True)
    ]
    return {"model": {"run_id": model.run_id, "sha256": model.sha256}, "scores": scores}


class App:
    """The WSGI application over one ModelStore."""

    def __init__(self, store: ModelStore) -> None:
        self.store = store

    def health(self) -> dict[str, Any]:
        """Alive; which model is served, and what stands in the way of a newer one."""
        model = self.store.model
        loaded = model and {"run_id": model.run_id, "sha256": model.sha256, "verified": model.verified}
        return {"status": "ok", "model": loaded, "source": self.store.uri, "problem": self.store.problem}

    def score(self, environ: "WSGIEnvironment") -> dict[str, Any]:
        """Score the request's customers; raises HttpError 503 while there is no model."""
        model = self.store.model
        if model is None:
            raise HttpError(503, f"no model is loaded: {self.store.problem}")
        return score(model, read_body(environ))

    def route(self, environ: "WSGIEnvironment") -> dict[str, Any]:
        """Answer what the method and path name; raises HttpError 404 or 405."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        match method, path:
            case "GET" | "HEAD", "/health":
                return self.health()
            case "POST", "/score":
                return self.score(environ)
            case _, "/health" | "/score":
                raise HttpError(405, f"{path} does not take {method}")
        raise HttpError(404, f"no such path: {path}")

    def answer(self, environ: "WSGIEnvironment") -> tuple[int, dict[str, Any]]:
        """Status and body; an unexpected failure is logged with its traceback and told without it."""
        try:
            return 200, self.route(environ)
        except HttpError as error:
            return error.status, {"error": str(error)}
        except Exception:
            log.exception("%s %s failed", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
            return 500, {"error": "internal error"}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """WSGI's entry point."""
        status, document = self.answer(environ)
        body = json.dumps(document).encode()
        start_response(REASONS[status], [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [body]
