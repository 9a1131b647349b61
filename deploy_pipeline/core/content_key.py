"""Content keys: one SHA-256 over everything that decides what a stage makes. Equal keys, equal results.

A stage whose inputs cannot all be known has no key, and is never skipped.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

ENCODING = 1
"""Raised when the meaning of a key changes: no earlier key is equal to a later one then."""


@dataclass(frozen=True)
class ContentKey:
    """`value` is 64 hexadecimal digits, or "" where there is no key: `doubt` says why."""

    value: str
    doubt: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What a step's output shows of its key."""
        return {"content key": self.value} if self.value else {"not skippable": self.doubt}


@dataclass(frozen=True)
class Entry:
    """One path of a tree, relative and with `/`. `content` is a file's SHA-256, or the text of a link.

    `mode` are the permission bits. Times and owners are left out: neither a build nor Terraform looks at them.
    """

    path: str
    kind: Literal["file", "folder", "link"]
    mode: int
    content: str = ""


@dataclass(frozen=True)
class Tree:
    """The entries of a tree; `doubt` says why they may not be all that matters."""

    entries: tuple[Entry, ...]
    doubt: str = ""


def key_of(stage: str, **inputs: Any) -> ContentKey:
    """The key of a stage: every input by name, values that JSON can carry.

    JSON marks where each text ends, so that nothing can move from one input into the next.
    """
    text = json.dumps([ENCODING, stage, inputs], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return ContentKey(hashlib.sha256(text.encode("ascii")).hexdigest())


def no_key(doubt: str) -> ContentKey:
    """There is no key, for the reason given."""
    return ContentKey("", doubt)


def listed(entries: Iterable[Entry]) -> list[list[str | int]]:
    """Entries for `key_of`, in the order of their paths."""
    return [[each.path, each.kind, each.mode, each.content] for each in sorted(entries, key=lambda each: each.path)]
