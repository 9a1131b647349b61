"""Keeps the sandbox's HTTP services to this machine: refuses what a web page could send through DNS rebinding."""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")
_ORIGIN = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d{1,5})?")
_MISDIRECTED = 421
_FORBIDDEN = 403


class LoopbackOnly:
    """ASGI middleware: 421 for a Host that is not this machine, 403 for a page of another origin.

    Below `public` paths all names are served: there is nothing to hide and nothing to change, and boxes without any
    other way out know this machine by names of their own.
    """

    def __init__(self, app: ASGIApp, public: tuple[str, ...] = ()) -> None:
        self._app = app
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not scope["path"].startswith(self._public):
            headers = Headers(scope=scope)
            refusal = _refusal(headers.getlist("host"), headers.getlist("origin"))
            if refusal:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refusal(hosts: list[str], origins: list[str]) -> PlainTextResponse | None:
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0].lower()):
        return PlainTextResponse("This service answers to 127.0.0.1 and localhost only.\n", status_code=_MISDIRECTED)
    if any(not _ORIGIN.fullmatch(origin.lower()) for origin in origins):
        return PlainTextResponse("Requests from other sites' pages are refused.\n", status_code=_FORBIDDEN)
    return None
