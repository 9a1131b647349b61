"""The control interface below `/github/_control/`: trouble on demand and the journal. Not part of GitHub."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy_pipeline.sandbox.faults import Fault
from deploy_pipeline.sandbox.github_double.gate import Gate
from deploy_pipeline.sandbox.github_double.urls import SITE_PATH

_PATH = f"{SITE_PATH}/_control"
_BAD_REQUEST = 400
_UNSUPPORTED = 415
Seconds = Annotated[int, Field(ge=0, le=86_400)]
Count = Annotated[int, Field(ge=1)]


class Order(BaseModel):
    """Every order refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def apply(self, gate: Gate) -> None:
        """Carry the order out."""
        raise NotImplementedError


class Outage(Order):
    """Fail the next `count` requests (null: all) whose path contains `path_contains`."""

    status: Annotated[int, Field(ge=500, le=599)] = 503
    count: Count | None = None
    path_contains: str = ""
    method: str = ""

    def apply(self, gate: Gate) -> None:
        """Set the outage."""
        fault = Fault(self.status, self.count, path_contains=self.path_contains, method=self.method)
        gate.faults.set("outage", fault)


class SecondaryLimit(Order):
    """Refuse the next `count` requests (null: all) with Retry-After."""

    retry_after: Seconds = 60
    status: Literal[403, 429] = 403
    count: Count | None = None

    def apply(self, gate: Gate) -> None:
        """Set the limit."""
        fault = Fault(self.status, self.count, headers={"retry-after": str(self.retry_after)})
        gate.faults.set("secondary_limit", fault)


class PrimaryLimit(Order):
    """Put the quota of a login (default: of every token's owner) to `remaining`, to be reset in `reset_in` seconds."""

    remaining: Annotated[int, Field(ge=0)]
    reset_in: Seconds = 3600
    login: str | None = None

    def apply(self, gate: Gate) -> None:
        """Set the quota."""
        for login in [self.login] if self.login else set(gate.services.tokens.values()):
            gate.services.rate_limit.force(login, self.remaining, self.reset_in)


class Latency(Order):
    """Delay every API request by `seconds`."""

    seconds: Annotated[float, Field(ge=0, le=60)]

    def apply(self, gate: Gate) -> None:
        """Set the delay."""
        gate.faults.latency = self.seconds


class Collaborator(Order):
    """Give somebody a permission on a repository."""

    repository: str
    login: str
    permission: Literal["admin", "maintain", "write", "triage", "read", "none"]

    def apply(self, gate: Gate) -> None:
        """Store the permission."""
        gate.services.store.add("collaborator", self.repository, self.login, {"permission": self.permission})


class Person(Order):
    """Let somebody else in, by a token of their own; what they may do with a repository is a `Collaborator`."""

    login: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,39}(\[bot\])?$")]
    token: Annotated[str, Field(pattern=r"^\S+$")]

    def apply(self, gate: Gate) -> None:
        """Store the token."""
        gate.services.store.add("person", "", self.token, {"login": self.login})


class Reset(Order):
    """End all trouble and forget the journal; what is stored stays."""

    def apply(self, gate: Gate) -> None:
        """End it."""
        gate.faults.clear()
        gate.services.rate_limit.clear()
        gate.journal.clear()


_ORDERS: dict[str, type[Order]] = {
    "outage": Outage,
    "secondary_limit": SecondaryLimit,
    "rate_limit": PrimaryLimit,
    "latency": Latency,
    "collaborators": Collaborator,
    "people": Person,
    "reset": Reset,
}


def control_routes(gate: Gate) -> list[Route]:
    """POST an order, DELETE an outage or a limit, GET or DELETE the journal."""
    orders = [Route(f"{_PATH}/{name}", _poster(gate, order), methods=["POST"]) for name, order in _ORDERS.items()]
    cleared: dict[str, Callable[[], None]] = {
        "outage": lambda: gate.faults.set("outage", None),
        "secondary_limit": lambda: gate.faults.set("secondary_limit", None),
        "rate_limit": gate.services.rate_limit.clear,
        "journal": gate.journal.clear,
    }
    deletions = [Route(f"{_PATH}/{name}", _deleter(clear), methods=["DELETE"]) for name, clear in cleared.items()]
    return [*orders, *deletions, Route(f"{_PATH}/journal", _journal(gate), methods=["GET"])]


def _poster(gate: Gate, order: type[Order]) -> Callable[[Request], Awaitable[Response]]:
    async def post(request: Request) -> Response:
        # A page of another site can post text without asking first, but not JSON.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"message": "send application/json"}, status_code=_UNSUPPORTED)
        try:
            order.model_validate_json(await request.body() or b"{}").apply(gate)
        except ValidationError as error:
            return JSONResponse({"message": str(error)}, status_code=_BAD_REQUEST)
        return JSONResponse({"ok": True})

    return post


def _deleter(clear: Callable[[], None]) -> Callable[[Request], Awaitable[Response]]:
    async def delete(_: Request) -> Response:
        clear()
        return JSONResponse({"ok": True})

    return delete


def _journal(gate: Gate) -> Callable[[Request], Awaitable[Response]]:
    async def read(_: Request) -> Response:
        return JSONResponse([entry._asdict() for entry in gate.journal.entries()])

    return read
