"""Where in its files a formatter would change something, read from the unified diff that it prints. Applies nothing."""

import re
from collections.abc import Iterator

from deploy_pipeline.core.checks.plain_text import repository_path

FILE = re.compile(r"--- ([^\t]+?)(?::before)?\t")
HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")


def first_changes(diff: str, checkout: str) -> dict[str, int]:
    """Path in the repository -> the first line that would change, counted from 1, for every file in the diff."""
    changes: dict[str, int] = {}
    path = ""
    # Not `splitlines`: code may hold form feeds and other characters that it takes for the end of a line.
    lines = iter(diff.split("\n"))
    for line in lines:
        if header := FILE.match(line):
            path = repository_path(header[1], checkout)
        elif hunk := HUNK.match(line):
            first = _first_change(lines, *(int(number or 1) for number in hunk.groups()))
            if path and first:
                changes.setdefault(path, first)
    return changes


def _first_change(lines: Iterator[str], line: int, before: int, _start: int, after: int) -> int:
    """Read one hunk to its end by its counts, so that no line of code is taken for a header."""
    first = 0
    while before > 0 or after > 0:
        kind = next(lines, "?")[:1]
        if kind == "?":
            break
        if kind in {"-", "+"}:
            first = first or max(line, 1)
        if kind == "\\":
            continue
        line += kind != "+"
        before -= kind != "+"
        after -= kind != "-"
    return first
