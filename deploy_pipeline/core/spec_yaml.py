"""Reads YAML text into nodes with lines. What the keys mean is decided elsewhere.

It reads events, not ruamel's own objects: a bomb of aliases or a tower of brackets is refused while it is read, and a
duplicate key is one mistake among others instead of the end.
"""

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from deploy_pipeline.core.spec_positions import Entry, Flaw, Node, Path, Unreadable
from deploy_pipeline.core.spec_scalars import is_encodable, plain_value, shown

_YAML_TAGS = "tag:yaml.org,2002:"
MAX_DEPTH = 32
MAX_VALUES = 20_000
"""Values in the file, with every alias written out."""


def read_yaml(text: str) -> tuple[Node, list[Flaw]]:
    """The root of a file with one document, and the flaws that did not stop the reading.

    Raises Unreadable with the one flaw that did.
    """
    return _Reader(_events(text)).read()


def _events(text: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        raise Unreadable(Flaw((), line, f"{problem} (column {column})", "YAML")) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(Flaw((), line, f"the control character {ord(text[error.position]):#x}", "text")) from error
    except (OverflowError, ValueError) as error:  # ruamel: chr() of an escape such as \UFFFFFFFF
        raise Unreadable(Flaw((), 1, "an escape in double quotes that is no character", "YAML")) from error


class _Reader:
    """One pass over the events of a file."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._flaws: list[Flaw] = []
        self._anchors: dict[str, Node] = {}
        self._values = 0
        self._depth = 0

    def read(self) -> tuple[Node, list[Flaw]]:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and root is not None:
                raise Unreadable(Flaw((), _line(event), "a second document", "one document (remove the ---)"))
            if isinstance(event, NodeEvent):
                root = self._node(event, ())
        if root is None or root.value is None:
            raise Unreadable(Flaw((), 1, "an empty file", "a mapping"))
        if not isinstance(root.value, dict):
            raise Unreadable(Flaw((), root.line, root.shown(), "a mapping"))
        return root, self._flaws

    def _node(self, event: Any, path: Path) -> Node:
        if isinstance(event, AliasEvent):
            return self._aliased(event, path)
        if event.tag is not None:
            self._flaw(
                event,
                path,
                f"the tag {event.tag.replace(_YAML_TAGS, '!!')}",
                "a value without a tag (text goes in quotes)",
            )
        self._count(1, event)
        node = self._scalar(event, path) if isinstance(event, ScalarEvent) else self._collection(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _aliased(self, event: AliasEvent, path: Path) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            expected = f"an anchor &{event.anchor} before it that does not contain it"
            raise Unreadable(Flaw(path, _line(event), f"the alias *{event.anchor}", expected))
        self._check_depth(self._depth + node.height, event)
        self._count(node.size, event)
        return node

    def _scalar(self, event: ScalarEvent, path: Path) -> Node:
        text = event.value
        if not is_encodable(text):
            self._flaw(event, path, shown(text), "whole characters (\\ud800 to \\udfff are halves)")
            return Node("", _line(event))
        if event.style:  # quoted, or a block of text
            return Node(text, _line(event))
        try:
            return Node(plain_value(text), _line(event), source=text)
        except ValueError as problem:
            self._flaw(event, path, shown(text), str(problem))
            return Node(0, _line(event), source=text)

    def _collection(self, start: NodeEvent, path: Path) -> Node:
        self._depth += 1
        self._check_depth(self._depth, start)
        is_mapping = isinstance(start, MappingStartEvent)
        value = self._mapping(path) if is_mapping else self._list(path)
        self._depth -= 1
        children = [entry.node for entry in value.values()] if isinstance(value, dict) else value
        size = 1 + sum(child.size for child in children)
        height = 1 + max((child.height for child in children), default=0)
        return Node(value, _line(start), size=size, height=height)

    def _list(self, path: Path) -> tuple[Node, ...]:
        items: list[Node] = []
        for event in self._until_end():
            items.append(self._node(event, (*path, len(items))))
        return tuple(items)

    def _mapping(self, path: Path) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for event in self._until_end():
            key = self._key(event, path)
            value = self._node(next(self._events), path if key is None else (*path, key))
            if key is None:
                continue
            if key in entries:
                expected = f"each key once (line {entries[key].line} has it)"
                self._flaw(event, (*path, key), f"the key {shown(key)} again", expected)
                continue
            entries[key] = Entry(_line(event), value)
        return entries

    def _key(self, event: NodeEvent, path: Path) -> str | None:
        node = self._node(event, path)
        if not isinstance(node.value, str):
            self._flaw(event, path, f"the key {node.source or node.shown()}", "a key that is text (in quotes)")
            return None
        if node.value == "<<" and isinstance(event, ScalarEvent) and not event.style:
            self._flaw(event, path, "the merge key <<", "the keys themselves (YAML 1.2 has no merge keys)")
            return None
        return node.value

    def _until_end(self) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            yield event

    def _count(self, values: int, event: Event) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            found = f"more than {MAX_VALUES} values, aliases written out"
            raise Unreadable(Flaw((), _line(event), found, "fewer"))

    def _check_depth(self, depth: int, event: Event) -> None:
        if depth > MAX_DEPTH:
            raise Unreadable(Flaw((), _line(event), f"{depth} levels of nesting", f"at most {MAX_DEPTH}"))

    def _flaw(self, event: Event, path: Path, found: str, expected: str) -> None:
        self._flaws.append(Flaw(path, _line(event), found, expected))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
