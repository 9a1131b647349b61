"""Reads git's difference of two commits into changed files and lines. Getting it from git is `gateways.git_history`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from deploy_pipeline.core.checks.subject import ChangedFile, ChangeKind

PATCH_BYTES = 64 * 1024 * 1024
"""How much of a patch is read; the files after that have no lines."""

_KINDS: dict[bytes, ChangeKind] = {b"A": "added", b"D": "removed"}
_REGULAR_FILE = b"100"
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

Ranges = list[tuple[int, int]]


def read_changes(difference: Iterable[bytes], patch_bytes: int = PATCH_BYTES) -> tuple[ChangedFile, ...]:
    """The changed files, by path, of what `git_cli.diff` wrote: lines that end with a line feed.

    The names are read from the raw part, which no file's content can imitate. Bytes of a name that are not UTF-8 appear
    as `\\xff`. Only regular files have lines: a submodule or a symbolic link has none.
    """
    lines = iter(difference)
    found: dict[str, ChangedFile] = {}
    regular = set()
    for line in lines:
        if not line.startswith(b":"):
            break
        fields, _, name = line.rstrip(b"\n").partition(b"\t")
        _, mode, _, _, status = fields.split(b" ")
        path = _unquoted(name)
        found[path] = ChangedFile(path, _KINDS.get(status[:1], "modified"))
        if mode.startswith(_REGULAR_FILE):
            regular.add(path)
    for path, ranges in _patched(_first(lines, patch_bytes)):
        if path in regular:
            found[path] = replace(found[path], lines=tuple(ranges))
    return tuple(found[path] for path in sorted(found))


def _first(lines: Iterator[bytes], limit: int) -> Iterator[bytes]:
    for line in lines:
        limit -= len(line)
        if limit < 0:
            return
        yield line


def _patched(lines: Iterator[bytes]) -> Iterator[tuple[str, Ranges]]:
    """Each file of a patch with its new lines. A hunk's body is skipped by its size: it may look like a header."""
    path, ranges = "", Ranges()
    for line in lines:
        if line.startswith(b"diff --git "):
            yield path, ranges
            path, ranges = "", []
        elif line.startswith(b"+++ "):
            path = _new_name(line)
        elif hunk := _HUNK.match(line):
            removed, start, added = (int(number or 1) for number in hunk.groups())
            if added:
                ranges.append((start, start + added - 1))
            for _ in range(removed + added):
                next(lines, b"")
    yield path, ranges


def _new_name(header: bytes) -> str:
    # git ends a name that has spaces with a tab, for the sake of other programs.
    name = _unquoted(header[len(b"+++ ") :].rstrip(b"\n").removesuffix(b"\t"))
    return name.removeprefix("b/") if name != "/dev/null" else ""


def _unquoted(name: bytes) -> str:
    """A name as `core.quotePath` writes it: in C's quotes where it has anything unusual."""
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_character, name[1:-1])
    return name.decode(errors="backslashreplace")


def _character(escape: re.Match[bytes]) -> bytes:
    code: bytes = escape[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) > 1 else _LETTERS.get(code, code)
