"""Putting the GitHub double together: its state folder in, Starlette routes out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from starlette.routing import Route

from deploy_pipeline.sandbox.github_double.call import Services
from deploy_pipeline.sandbox.github_double.control import control_routes
from deploy_pipeline.sandbox.github_double.gate import Gate
from deploy_pipeline.sandbox.github_double.pages import page_routes
from deploy_pipeline.sandbox.github_double.rate_limit import RateLimit
from deploy_pipeline.sandbox.github_double.store import Store
from deploy_pipeline.sandbox.github_double.urls import API_PATH

DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but this double
DEFAULT_LOGIN = "sandbox"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def open_services(state: Path, tokens: Mapping[str, str], clock: Callable[[], datetime] = utc_now) -> Services:
    """Open (or begin) the state in a folder: `repos/` and `github.sqlite`. Close its `store` when done.

    `tokens` maps each accepted token to its owner's login.
    """
    (state / "repos").mkdir(parents=True, exist_ok=True)
    return Services(
        state=state.resolve(),
        store=Store(state / "github.sqlite"),
        rate_limit=RateLimit(clock),
        tokens=tokens,
        clock=clock,
    )


def github_routes(gate: Gate) -> list[Route]:
    """The control interface, the REST API and the pages, in the order in which they have to be matched."""
    api = Route(f"{API_PATH}{{path:path}}", gate.answer, methods=_METHODS)
    return [*control_routes(gate), api, *page_routes(gate.services)]
