"""The public API behind API Gateway (REST proxy): health, and scoring by the inference service.

API keys and throttling are API Gateway's business. Which features a customer needs is the model's: the inference
service says so in its 400, and this function passes that on.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

JSON_HEADERS = {"Content-Type": "application/json"}
MAX_CUSTOMERS = 1000
BAD_REQUEST, BAD_GATEWAY = 400, 502


class ApiError(Exception):
    """An answer other than 200: `status` and a message for the caller."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The shape that API Gateway's Lambda proxy wants."""
    return {"statusCode": status, "headers": {**JSON_HEADERS, **(headers or {})}, "body": json.dumps(body)}


def read_body(event: Mapping[str, Any]) -> Any:
    """Decode the request's JSON body; raises ApiError 400."""
    body = event.get("body") or ""
    try:
        text = base64.b64decode(body, validate=True).decode("utf-8") if event.get("isBase64Encoded") else body
        return json.loads(text)
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ApiError(BAD_REQUEST, f"the body is not JSON: {error}") from error


def check_customers(payload: Any) -> dict[str, Any]:
    """Require `{"customers": [{...}, ...]}` with 1 to 1000 objects; raises ApiError 400."""
    customers = payload.get("customers") if isinstance(payload, dict) else None
    if not isinstance(customers, list):
        raise ApiError(BAD_REQUEST, 'the body must be an object with a list "customers"')
    if not 1 <= len(customers) <= MAX_CUSTOMERS:
        raise ApiError(BAD_REQUEST, f"customers must hold 1 to {MAX_CUSTOMERS} entries, not {len(customers)}")
    for index, customer in enumerate(customers):
        if not isinstance(customer, dict):
            raise ApiError(BAD_REQUEST, f"customers[{index}] must be an object of features")
    return {"customers": customers}


def inference_url(environment: Mapping[str, str]) -> str:
    """The scoring endpoint, from INFERENCE_URL; only HTTP, since urllib would open file: as well."""
    root = environment.get("INFERENCE_URL", "").rstrip("/")
    if not root:
        raise ApiError(503, "scoring is not configured: INFERENCE_URL is empty")
    if not root.startswith(("http://", "https://")):
        raise ApiError(503, "scoring is not configured: INFERENCE_URL is not an HTTP URL")
    return f"{root}/score"


def call_inference(url: str, payload: Mapping[str, Any], timeout_seconds: float) -> dict[str, Any]:
    """POST to the inference service; raises ApiError 400 with its message, or 502 for any other trouble with it."""
    # inference_url() lets only HTTP through, never file:.
    request = Request(url, json.dumps(payload).encode(), JSON_HEADERS, method="POST")  # noqa: S310
    try:
        with urlopen(request, timeout=timeout_seconds) as response:  # noqa: S310 # nosec B310
            scores = json.load(response)
    except HTTPError as error:
        raise translate(error) from error
    except (OSError, HTTPException, ValueError) as error:  # unreachable, timed out, cut off, or not JSON
        raise ApiError(BAD_GATEWAY, f"the inference service did not answer properly: {error}") from error
    if not isinstance(scores, dict):
        raise ApiError(BAD_GATEWAY, "the inference service did not answer with an object")
    return scores


def translate(error: HTTPError) -> ApiError:
    """The inference service's refusal, with its own message where it gave one."""
    text = error.read().decode("utf-8", errors="replace")
    try:
        message = json.loads(text)["error"]
    except (ValueError, TypeError, KeyError):
        message = text[:200]
    if error.code == BAD_REQUEST:
        return ApiError(BAD_REQUEST, str(message))
    return ApiError(BAD_GATEWAY, f"the inference service answered {error.code}: {message}")


def get_health(event: Mapping[str, Any]) -> dict[str, Any]:
    """Alive, in which version, and whether scoring is configured; it does not call the inference service."""
    return {
        "status": "ok",
        "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "unknown"),
        "scoring_configured": bool(os.environ.get("INFERENCE_URL")),
    }


def post_score(event: Mapping[str, Any]) -> dict[str, Any]:
    """Score customers; the time limit is INFERENCE_TIMEOUT_SECONDS (5), below API Gateway's own 29 seconds."""
    payload = check_customers(read_body(event))
    timeout = float(os.environ.get("INFERENCE_TIMEOUT_SECONDS") or 5)
    return call_inference(inference_url(os.environ), payload, timeout)


ROUTES = {
    "/v1/health": {"GET": get_health, "POST": get_health},
    "/v1/score": {"POST": post_score},
}


def route(event: Mapping[str, Any]) -> dict[str, Any]:
    """Find and run what the method and path name; raises ApiError 404 or 405."""
    path = str(event.get("path") or "/").rstrip("/")
    methods = ROUTES.get(path)
    if methods is None:
        raise ApiError(404, f"no such path: {path or '/'}")
    method = str(event.get("httpMethod") or "GET").upper()
    if method not in methods:
        allowed = ", ".join(methods)
        raise ApiError(405, f"{path} takes {allowed}, not {method}", {"Allow": allowed})
    return methods[method](event)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway proxy request; every refusal is a JSON object with `error`."""
    try:
        return answer(200, route(event))
    except ApiError as error:
        return answer(error.status, {"error": str(error)}, error.headers)
