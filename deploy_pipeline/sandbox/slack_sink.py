"""A local stand-in for Slack over HTTP: the Web API, incoming webhooks, and a page with what arrived.

Takes what `slack_sdk` sends (form fields or JSON). Sends nothing to anybody.
"""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy_pipeline.sandbox.faults import Fault, Faults
from deploy_pipeline.sandbox.markup import PAGE_HEADERS
from deploy_pipeline.sandbox.slack_messages import SlackMessages
from deploy_pipeline.sandbox.slack_methods import Fields, SlackError, SlackMethods, checked_content
from deploy_pipeline.sandbox.slack_page import messages_page

DEFAULT_SLACK_TOKEN = "xoxb-sandbox"  # noqa: S105 - opens nothing but this sink
_JSON_FIELDS = ("blocks", "attachments", "metadata")  # sent as JSON texts within a form
_TOO_MANY = 429
_BAD_REQUEST = 400
_UNSUPPORTED = 415


class FaultOrder(BaseModel):
    """Fail the next `count` calls (null: all): 429 with Retry-After in seconds, or a server error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[int, Field(ge=_TOO_MANY, le=599)] = _TOO_MANY
    retry_after: Annotated[int, Field(ge=0, le=86_400)] = 30
    count: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True)
class SlackSink:
    """Answers the requests; only `token` may call the Web API."""

    messages: SlackMessages
    token: str = DEFAULT_SLACK_TOKEN
    faults: Faults = field(default_factory=Faults)

    async def call(self, request: Request) -> Response:
        """A method of the Web API. Refusals have status 200, as in Slack."""
        name = request.path_params["method"]
        refused = self._refused(request)
        if refused:
            return refused
        try:
            fields = {**request.query_params, **_fields(request, await request.body())}
            self._check_token(request, fields)
            method = SlackMethods(self.messages, f"http://{request.headers['host']}").find(name)
            return JSONResponse({"ok": True, **await run_in_threadpool(method, fields)})
        except SlackError as error:
            return JSONResponse({"ok": False, "error": str(error)})

    async def webhook(self, request: Request) -> Response:
        """An incoming webhook; the rest of its address is its secret, and names its channel here."""
        refused = self._refused(request)
        if refused:
            return refused
        channel = f"webhook/{request.path_params['secret']}"
        try:
            content = checked_content(_fields(request, await request.body()))
        except SlackError as error:
            name = "invalid_payload" if str(error) == "invalid_json" else str(error)
            return PlainTextResponse(name, status_code=_BAD_REQUEST)
        await run_in_threadpool(self.messages.post, {"channel": channel, "channel_id": channel, **content})
        return PlainTextResponse("ok")

    async def list_messages(self, _: Request) -> Response:
        """All messages as JSON, oldest first."""
        return JSONResponse(self.messages.all())

    async def show_messages(self, _: Request) -> Response:
        """All messages as a page."""
        return HTMLResponse(messages_page(self.messages.all()), headers=PAGE_HEADERS)

    async def order_fault(self, request: Request) -> Response:
        """POST sets a fault, DELETE clears it."""
        if request.method == "DELETE":
            self.faults.clear()
            return JSONResponse({"ok": True})
        # A page of another site can post text without asking first, but not JSON.
        if not _is_json(request):
            return JSONResponse({"message": "send application/json"}, status_code=_UNSUPPORTED)
        try:
            order = FaultOrder.model_validate_json(await request.body() or b"{}")
        except ValidationError as error:
            return JSONResponse({"message": str(error)}, status_code=_BAD_REQUEST)
        headers = {"retry-after": str(order.retry_after)} if order.status == _TOO_MANY else {}
        self.faults.set("fault", Fault(order.status, order.count, headers))
        return JSONResponse({"ok": True})

    def _refused(self, request: Request) -> Response | None:
        fault = self.faults.take(request.method, request.scope["path"])
        if fault is None:
            return None
        error = "ratelimited" if fault.status == _TOO_MANY else "service_unavailable"
        return JSONResponse({"ok": False, "error": error}, status_code=fault.status, headers=fault.headers)

    def _check_token(self, request: Request, fields: Fields) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else fields.get("token")
        if not token:
            raise SlackError("not_authed")
        if token != self.token:
            raise SlackError("invalid_auth")


def slack_routes(sink: SlackSink) -> list[Route]:
    """The Web API below `/slack/api/`, webhooks below `/slack/webhook/`, the messages, and the control interface."""
    return [
        Route("/slack/api/{method}", sink.call, methods=["GET", "POST"]),
        Route("/slack/webhook/{secret:path}", sink.webhook, methods=["POST"]),
        Route("/slack/messages", sink.list_messages),
        Route("/slack/", sink.show_messages),
        Route("/slack/_control/fault", sink.order_fault, methods=["POST", "DELETE"]),
    ]


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _fields(request: Request, content: bytes) -> Fields:
    """The fields of a form or of a JSON object; `SlackError` for what is neither."""
    if _is_json(request):
        return _object(content or b"{}")  # slack_sdk announces JSON and sends nothing where there are no fields
    try:
        form: Fields = dict(parse_qsl(content.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise SlackError("invalid_form_data") from None
    if "payload" in form:
        return _object(form["payload"])
    return {key: _parsed(value) if key in _JSON_FIELDS else value for key, value in form.items()}


def _parsed(text: str | bytes) -> Any:
    """JSON, refused when the sink could not write it down again."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise SlackError("invalid_json") from None
    return value


def _object(text: str | bytes) -> Fields:
    value = _parsed(text)
    if not isinstance(value, dict):
        raise SlackError("invalid_json")
    return value
