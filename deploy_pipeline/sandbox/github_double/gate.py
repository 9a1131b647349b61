"""The way of every REST request: faults, token, rate limit, endpoint, ETag, headers, journal. No endpoint's job."""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from deploy_pipeline.sandbox.faults import Fault, Faults
from deploy_pipeline.sandbox.github_double.call import Call, Reply, Services
from deploy_pipeline.sandbox.github_double.endpoints.account import RATE_LIMIT_PATH
from deploy_pipeline.sandbox.github_double.errors import ApiError, not_found
from deploy_pipeline.sandbox.github_double.incoming import Incoming, read_request
from deploy_pipeline.sandbox.github_double.journal import Entry, Journal
from deploy_pipeline.sandbox.github_double.router import find_endpoint
from deploy_pipeline.sandbox.github_double.shapes.people import stable_id
from deploy_pipeline.sandbox.github_double.urls import Urls
from deploy_pipeline.sandbox.github_double.versions import requested_version

_AUTHORIZATION = re.compile(r"(?:bearer|token) +(\S+)", re.IGNORECASE)
_JSON = "application/json; charset=utf-8"
_FIXED_HEADERS = {
    "x-github-media-type": "github.v3; format=json",
    "vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
}
_UNAVAILABLE = "No server is currently available to service your request. Sorry about that."
_SECONDARY_LIMIT = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
_LONGEST_NOTED = 128 * 1024  # bytes of a body that the journal keeps
_CACHE_CONTROL = "private, max-age=60, s-maxage=60"


@dataclass(frozen=True)
class Gate:
    """Answers the requests to the REST API. `sleep` waits the latency that was asked for."""

    services: Services
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if self.faults.latency:
            await self.sleep(self.faults.latency)
        try:
            incoming = await read_request(request)
        except ApiError as error:
            return _json(error.body(), error.status)
        # git and SQLite block: they may not hold up the event loop.
        return await run_in_threadpool(self._answer, incoming)

    def _answer(self, incoming: Incoming) -> Response:
        login = self._login(incoming)
        try:
            response = self._respond(incoming, login)
        except ApiError as error:
            response = _json(error.body(), error.status, error.headers)
        response.headers.update({**_FIXED_HEADERS, "date": format_datetime(self.services.clock(), usegmt=True)})
        if login:
            response.headers.update(self.services.rate_limit.quota(login).headers())
        self._note(incoming, login, response.status_code)
        return response

    def _login(self, incoming: Incoming) -> str | None:
        match = _AUTHORIZATION.fullmatch(incoming.headers.get("authorization", ""))
        return self.services.owner_of(match[1]) if match else None

    def _respond(self, incoming: Incoming, login: str | None) -> Response:
        fault = self.faults.take(incoming.method, incoming.path)
        if fault:
            raise _failure(fault)
        if login is None:
            given = "authorization" in incoming.headers
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Bad credentials" if given else "Requires authentication")
        free = incoming.path == RATE_LIMIT_PATH
        if not free and not self.services.rate_limit.take(login):
            raise ApiError(HTTPStatus.FORBIDDEN, f"API rate limit exceeded for user ID {stable_id(login)}.")
        response = _rendered(self._dispatch(incoming, login), incoming)
        if response.status_code == HTTPStatus.NOT_MODIFIED and not free:
            self.services.rate_limit.give_back(login)
        return response

    def _dispatch(self, incoming: Incoming, login: str) -> Reply:
        found = find_endpoint(incoming.method, incoming.path)
        if found is None:
            raise not_found()
        handler, params = found
        reads = incoming.method == "GET"
        body = {} if reads else incoming.json()
        path, urls, version = incoming.path, Urls(incoming.site), requested_version(incoming.headers)
        call = Call(self.services, urls, path, params, incoming.query, login, version, body)
        # Writes come one after the other: a check and the write that depends on it are one step.
        with nullcontext() if reads else self.services.store.lock:
            return handler(call)

    def _note(self, incoming: Incoming, login: str | None, status: int) -> None:
        try:
            body = incoming.json() if len(incoming.content) <= _LONGEST_NOTED else None
        except ApiError:
            body = None
        conditional = "if-none-match" in incoming.headers
        at, query = self.services.timestamp(), dict(incoming.query)
        self.journal.add(Entry(at, incoming.method, incoming.path, query, login, conditional, body, status))


def _rendered(reply: Reply, incoming: Incoming) -> Response:
    """The answer, or 304 when the client has it already."""
    headers = {"link": reply.link} if reply.link else {}
    if reply.status == HTTPStatus.NO_CONTENT:
        return Response(status_code=reply.status)
    if incoming.method != "GET":
        created = reply.status == HTTPStatus.CREATED and isinstance(reply.body, dict)
        return _json(reply.body, reply.status, {**headers, **({"location": reply.body["url"]} if created else {})})
    response = _json(reply.body, reply.status, headers)
    tag = hashlib.sha256(bytes(response.body) + reply.link.encode()).hexdigest()
    caching = {"etag": f'W/"{tag}"', "cache-control": _CACHE_CONTROL}
    if _matches(incoming.headers.get("if-none-match", ""), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=caching)
    response.headers.update(caching)
    return response


def _failure(fault: Fault) -> ApiError:
    """The words of GitHub for a fault: a secondary rate limit, or trouble in its own servers."""
    if fault.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ApiError(fault.status, _SECONDARY_LIMIT, headers=dict(fault.headers))
    unavailable = fault.status == HTTPStatus.SERVICE_UNAVAILABLE
    return ApiError(fault.status, _UNAVAILABLE if unavailable else "Server Error")


def _matches(condition: str, tag: str) -> bool:
    """If-None-Match compares weakly: with and without `W/` are the same."""
    listed = [item.strip().removeprefix("W/").strip('"') for item in condition.split(",")]
    return "*" in listed or tag in listed


def _json(body: object, status: int, headers: dict[str, str] | None = None) -> Response:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Response(content, status_code=status, headers=headers, media_type=_JSON)
