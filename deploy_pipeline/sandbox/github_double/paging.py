"""GitHub's pages: `per_page` (at most 100), `page`, and the Link header. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

_DEFAULT_SIZE = 30
_LARGEST_SIZE = 100
_MOST_DIGITS = 12

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page:
    """Which part of a list was asked for; `number` begins with 1."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """How many items come before this page."""
        return (self.number - 1) * self.size

    def cut(self, items: Sequence[Item]) -> Sequence[Item]:
        """The items of this page; none beyond the end."""
        return items[self.start : self.start + self.size]


def requested_page(query: Mapping[str, str], default_size: int = _DEFAULT_SIZE) -> Page:
    """The page that a query asks for. Values that make no sense count as absent, as on GitHub."""
    size = min(_positive(query.get("per_page")), _LARGEST_SIZE) or default_size
    return Page(_positive(query.get("page")) or 1, size)


def link_header(address: str, query: Mapping[str, str], page: Page, total: int) -> str:
    """The Link header for a list of `total` items; empty when one page holds them all."""
    last = max(1, -(-total // page.size))
    targets: dict[str, int] = {}
    if page.number > 1:
        targets["prev"] = min(page.number - 1, last)
    if page.number < last:
        targets |= {"next": page.number + 1, "last": last}
    if page.number > 1:
        targets["first"] = 1
    return ", ".join(f'<{_address(address, query, number)}>; rel="{relation}"' for relation, number in targets.items())


def _address(address: str, query: Mapping[str, str], number: int) -> str:
    return f"{address}?{urlencode({**query, 'page': number})}"


def _positive(text: str | None) -> int:
    """A positive whole number, 0 for anything else; very long ones are cut so that arithmetic stays cheap."""
    return int(text[:_MOST_DIGITS]) if text and text.isascii() and text.isdigit() else 0
