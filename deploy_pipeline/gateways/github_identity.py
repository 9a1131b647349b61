"""Who the credentials are to GitHub: a token's owner, or a GitHub App's bot account."""

from dataclasses import dataclass

from pydantic import BaseModel

from deploy_pipeline.gateways.github_clients import app_client
from deploy_pipeline.gateways.github_requests import Requests


@dataclass(frozen=True)
class Identity:
    """The account that writes, and the GitHub App behind it, if any."""

    login: str
    app_id: int | None = None


class _Owner(BaseModel):
    login: str


class _App(BaseModel):
    id: int
    slug: str


def identity(requests: Requests) -> Identity:
    """Ask GitHub who we are."""
    settings = requests.settings
    if not settings.app_id:
        return Identity(requests.ask("GET", "/user", "GitHub, the token's owner", _Owner).parsed_data.login)
    where = f"GitHub App {settings.app_id}"
    app = requests.ask("GET", "/app", where, _App, client=app_client(settings)).parsed_data
    return Identity(f"{app.slug}[bot]", app.id)
