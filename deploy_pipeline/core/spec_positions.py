"""A YAML file as values that know their lines, and what is asked of them. Reading the text is `spec_yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy_pipeline.core.spec_scalars import Scalar, shown

Path = tuple[str | int, ...]
"""The keys and list positions (from 0) that lead to a value."""


@dataclass(frozen=True)
class Node:
    """A value and the line it starts on, counted from 1.

    `source` is how a number or a boolean was written; `size` counts the values in it, `height` the levels below it.
    """

    value: "Scalar | Mapping[str, Entry] | tuple[Node, ...]"
    line: int
    source: str = ""
    size: int = 1
    height: int = 0

    def shown(self) -> str:
        """The value as a message shows it."""
        if isinstance(self.value, Mapping):
            return "a mapping" if self.value else "an empty mapping"
        if isinstance(self.value, tuple):
            return "a list" if self.value else "an empty list"
        if self.value is None or isinstance(self.value, str):
            return shown(self.value)
        return self.source or shown(self.value)


@dataclass(frozen=True)
class Entry:
    """A value of a mapping and the line its key stands on."""

    line: int
    node: Node


@dataclass(frozen=True)
class Flaw:
    """A mistake in the file: where, what stands there and what should."""

    path: Path
    line: int
    found: str
    expected: str


class Unreadable(Exception):
    """The reading stopped at this flaw: what follows it is not known."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.expected)
        self.flaw = flaw


def plain(node: Node) -> Any:
    """The value as JSON has it: dict, list, str, int, float, bool or None."""
    if isinstance(node.value, Mapping):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    return node.value


def locate(root: Node, path: Path) -> tuple[int, Node | None]:
    """The line of the key that `path` leads to, and its value.

    For a key that is not there: the line of its nearest parent that is, and None. The file itself is line 1.
    """
    line, node = 1, root
    for key in path:
        step = _step(node, key)
        if step is None:
            return line, None
        line, node = step
    return line, node


def flaw_at(root: Node, path: Path, expected: str) -> Flaw:
    """The flaw that the value at `path`, or its absence, is."""
    line, node = locate(root, path)
    return Flaw(path, line, node.shown() if node else "nothing", expected)


def _step(node: Node, key: str | int) -> tuple[int, Node] | None:
    if isinstance(node.value, Mapping):
        entry = node.value.get(str(key))
        return (entry.line, entry.node) if entry else None
    if isinstance(node.value, tuple) and isinstance(key, int) and key < len(node.value):
        return node.value[key].line, node.value[key]
    return None
