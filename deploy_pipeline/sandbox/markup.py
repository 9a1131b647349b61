"""Building the sandbox's HTML pages. Every text is escaped unless it was built here."""

from collections.abc import Iterable, Sequence
from html import escape

PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "no-store",
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border: 1px solid #d1d9e0; padding: .3rem .6rem; text-align: left; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f8fa; padding: .8rem; border-radius: 6px; }
.success { color: #1a7f37; } .failure, .error { color: #d1242f; } .pending, .in_progress, .queued { color: #9a6700; }
"""


class Markup(str):
    """HTML that is safe to show as it is."""

    __slots__ = ()


def safe(part: object) -> Markup:
    """Markup as it is, anything else escaped."""
    return part if isinstance(part, Markup) else Markup(escape(str(part)))


def joined(*parts: object) -> Markup:
    """Parts one after the other."""
    return Markup("".join(safe(part) for part in parts))


def element(tag: str, *parts: object, **attributes: str) -> Markup:
    """One element; `class_` stands for the attribute `class`."""
    written = "".join(f' {name.rstrip("_")}="{escape(value)}"' for name, value in attributes.items())
    return Markup(f"<{tag}{written}>{joined(*parts)}</{tag}>")


def link(address: str | None, *parts: object) -> Markup:
    """A link to an http(s) address or to a path; anything else (such as `javascript:`) becomes plain text."""
    if address and address.startswith(("http://", "https://", "/")):
        return element("a", *parts, href=address, rel="noreferrer")
    return joined(*parts)


def bullets(lines: Iterable[object]) -> Markup:
    """A list; a dash when it is empty."""
    return element("ul", *(element("li", line) for line in lines))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """A table; a sentence when it has no rows."""
    written = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    if not written:
        return element("p", "None yet.")
    return element("table", element("tr", *(element("th", head) for head in heads)), *written)


def document(title: str, *parts: object) -> str:
    """A whole page."""
    head = element("head", Markup('<meta charset="utf-8">'), element("title", title), element("style", Markup(_STYLE)))
    return f"<!doctype html>\n{element('html', head, element('body', element('h1', title), *parts), lang='en')}\n"
