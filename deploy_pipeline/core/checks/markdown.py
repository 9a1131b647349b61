"""Untrusted text made fit for GitHub's Markdown: it shows as itself, and never links, mentions, formats or hides."""

import re
from urllib.parse import quote

from deploy_pipeline.core.checks.plain_text import plain

LONGEST_CELL = 300
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
# GitHub looks for mentions, issues, addresses and emoji in the finished page, where escapes are gone already: an
# invisible space keeps them apart.
_APART = {"@": "@&#8203;", "#": "#&#8203;", "://": ":&#8203;//", ":": ":&#8203;"}
_SPECIAL = re.compile(r"[&<>|$\\`*_\[\]{}~!^+@#]|://|\bGH-(?=\d)|www\.|:(?=[a-z0-9+_-]+:)", re.IGNORECASE)
_UNFIT_FOR_CODE = re.compile(r"[`|\\]")


def prose(text: str, longest: int = LONGEST_CELL) -> str:
    """The text as one line of plain words, for a cell or within a sentence of ours."""
    return _SPECIAL.sub(_harmless, plain(text, longest))


def code(text: str, longest: int = LONGEST_CELL) -> str:
    """The text in the type of code, where GitHub looks for nothing; empty for an empty text."""
    line = plain(text, longest)
    if not line or _UNFIT_FOR_CODE.search(line):
        return prose(line, longest)
    return f"`{line}`"


def blob(repository_url: str, sha: str, path: str, line: int = 0, end_line: int = 0) -> str:
    """The address of a file, or of its lines, at a commit; "" where the path is not one inside a repository."""
    if not {".", "..", ""}.isdisjoint(path.split("/")):
        return ""
    lines = (f"#L{line}" + (f"-L{end_line}" if end_line > line else "")) if line > 0 else ""
    return f"{repository_url}/blob/{sha}/{quote(path, errors='replace')}{lines}"


def row(*cells: str) -> str:
    """One row of a table, of cells that are Markdown already."""
    return f"| {' | '.join(cells)} |"


def _harmless(found: re.Match[str]) -> str:
    text = found[0]
    if text in _ENTITIES:
        return _ENTITIES[text]
    if text in _APART:
        return _APART[text]
    return f"\\{text}" if len(text) == 1 else f"{text[:-1]}&#8203;{text[-1]}"
