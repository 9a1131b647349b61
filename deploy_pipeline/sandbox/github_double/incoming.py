"""A request to the REST API as plain data, and reading one from Starlette."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from deploy_pipeline.sandbox.github_double.errors import ApiError
from deploy_pipeline.sandbox.github_double.urls import API_PATH

_LARGEST_BODY = 4 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class Incoming:
    """`path` is below the API's root, `site` the scheme and host it was sent to, header names are in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    site: str
    content: bytes

    def json(self) -> Any:
        """The body; an empty one is an empty object. Raises `ApiError` 400 for what is no JSON."""
        if not self.content.strip():
            return {}
        try:
            body = json.loads(self.content, parse_constant=_refuse_constant)
            # Half of a surrogate pair is no text and 1e999 no number: neither could be answered with.
            json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            raise ApiError(HTTPStatus.BAD_REQUEST, "Problems parsing JSON") from None
        if not isinstance(body, dict | list):
            raise ApiError(HTTPStatus.BAD_REQUEST, "Body should be a JSON object")
        return body


async def read_request(request: Request) -> Incoming:
    """Read the whole request; `ApiError` 413 when its body is too large."""
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > _LARGEST_BODY:
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Payload too large")
    return Incoming(
        method="GET" if request.method == "HEAD" else request.method,
        path=request.scope["path"].removeprefix(API_PATH),
        query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        site=f"http://{request.headers['host']}",
        content=content,
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
