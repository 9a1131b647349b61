"""What an endpoint is given (`Call`), what it gives back (`Reply`), and what all of them share (`Services`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy_pipeline.sandbox.github_double.errors import invalid_request, not_found
from deploy_pipeline.sandbox.github_double.fields import Fields
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.paging import Page, link_header, requested_page
from deploy_pipeline.sandbox.github_double.rate_limit import RateLimit
from deploy_pipeline.sandbox.github_double.repositories import find_repository
from deploy_pipeline.sandbox.github_double.store import Document, Store
from deploy_pipeline.sandbox.github_double.times import iso
from deploy_pipeline.sandbox.github_double.urls import Urls


@dataclass(frozen=True)
class Services:
    """The state that outlives a request. `tokens` maps each accepted token to the login of its owner."""

    state: Path
    store: Store
    rate_limit: RateLimit
    tokens: Mapping[str, str]
    clock: Callable[[], datetime]

    def timestamp(self) -> str:
        """Now, as GitHub writes times."""
        return iso(self.clock())

    def owner_of(self, token: str) -> str | None:
        """The login that a token belongs to: one of `tokens`, or somebody whom the control interface let in."""
        people = self.store.children("person", "", token)
        return self.tokens.get(token) or (people[-1]["login"] if people else None)


@dataclass(frozen=True)
class Reply:
    """A JSON answer; `link` is the Link header of a list."""

    body: Any
    status: int = 200
    link: str = ""


@dataclass(frozen=True)
class Call:
    """One authenticated request, already matched to an endpoint."""

    services: Services
    urls: Urls
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    login: str
    version: str
    body: Any = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name` of the repository in the address."""
        return f"{self.params['owner']}/{self.params['repo']}"

    @property
    def store(self) -> Store:
        """Where documents are kept."""
        return self.services.store

    def repository(self) -> BareRepository:
        """The repository in the address, or 404."""
        found = find_repository(self.services.state, self.full_name)
        if found is None:
            raise not_found()
        return found

    def number(self, name: str) -> int:
        """A whole number in the address, or 404."""
        text = self.params[name]
        if not (text.isascii() and text.isdigit()):
            raise not_found()
        return int(text[:20])

    def document(self, kind: str, name: str = "id") -> Document:
        """The stored document whose id stands in the address, or 404."""
        found = self.store.get(kind, self.full_name, self.number(name))
        if found is None:
            raise not_found()
        return found

    def fields(self, resource: str) -> Fields:
        """The body, which must be an object."""
        if not isinstance(self.body, dict):
            raise invalid_request("For 'links/0/schema', the request body is not an object.")
        return Fields(resource, self.body)

    def moment(self, name: str) -> datetime | None:
        """The aware time in a query parameter; 422 when it is none."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise invalid_request(f"For '{name}', {text!r} is not a valid date-time.") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def page(self) -> Page:
        """The page that was asked for."""
        return requested_page(self.query)

    def list_reply(self, items: Sequence[Any], shape: Callable[[Any], Any]) -> Reply:
        """One page of `items`, each put into shape, with its Link header."""
        page = self.page()
        return Reply([shape(item) for item in page.cut(items)], link=self.link(page, len(items)))

    def link(self, page: Page, total: int) -> str:
        """The Link header for this address."""
        return link_header(self.urls.api + quote(self.path), self.query, page, total)


Handler = Callable[[Call], Reply]
Routes = Sequence[tuple[str, str, Handler]]
