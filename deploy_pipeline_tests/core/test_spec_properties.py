"""What holds for every deploy.yaml: mistakes are the only answer to a bad one, and their lines are right."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.core.spec_mistakes import SpecError, dotted
from deploy_pipeline.core.spec_positions import Path as KeyPath

OWN = (Path(__file__).parents[2] / "deploy.yaml").read_text(encoding="utf-8")
OWN_DATA: dict[str, Any] = YAML(typ="safe", pure=True).load(OWN)
MESSAGE = re.compile(r"deploy\.yaml:[1-9]\d*: .*found .+, expected .+")
PIECES = st.sampled_from([
    ":", "-", " ", "\n", "  ", "[", "]", "{", "}", "&a", "*a", "!!int", "#",
    "'", '"', "|", ">", "?", "\t", "---\n", "%",
    "0", "x", "null", "<<: *a", "\\", "\\ud800", "\x85", "\ufeff", "\ud800", "é", "@", "`", ".inf", "0x", "\r", "\x00",
])  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _as_yaml(value: object) -> str:
    """JSON is YAML but for two things: halves of characters as escapes, and an unescaped DEL."""
    halves = re.compile(r"(\\ud[89ab]..)(\\ud[c-f]..)")
    text = halves.sub(lambda pair: f"\\U{ord(json.loads(chr(34) + pair[0] + chr(34))):08x}", json.dumps(value))
    return text.replace("\x7f", "\\u007f")


def _check(text: str | bytes) -> None:
    try:
        spec = load_spec(text)
    except SpecError as error:
        assert error.mistakes
        assert list(error.mistakes) == sorted(error.mistakes, key=lambda mistake: mistake.line)
        assert all(MESSAGE.fullmatch(str(mistake)) for mistake in error.mistakes)
    else:
        assert load_spec(_as_yaml(spec.model_dump(mode="json"))) == spec


@given(
    st.lists(
        st.tuples(st.integers(0, len(OWN)), st.integers(0, 4), PIECES | st.text(max_size=2)), min_size=1, max_size=3
    )
)
@settings(max_examples=150, deadline=None)
def test_load_spec_of_edited_text(edits: list[tuple[int, int, str]]) -> None:
    text = OWN
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    _check(text)


@given(st.text(max_size=60) | st.lists(PIECES, max_size=25).map("".join) | st.binary(max_size=40))
@settings(max_examples=500, deadline=None)
def test_load_spec_of_any_text(text: str | bytes) -> None:
    _check(text)


def _paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in _paths(item, (*path, key)))]


PATHS = _paths(OWN_DATA)[1:]


def _changed(path: KeyPath, value: Any) -> Any:
    data = json.loads(json.dumps(OWN_DATA))
    parent = data
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return data


@given(st.sampled_from(PATHS), VALUES)
@settings(max_examples=200, deadline=None)
def test_load_spec_of_changed_values(path: KeyPath, value: Any) -> None:
    _check(json.dumps(_changed(path, value)))


def _written(data: Any) -> tuple[str, dict[str, int]]:
    """The data as YAML, one key or scalar a line, and the line of each place."""
    stream = StringIO()
    yaml = YAML()
    yaml.width = 10_000
    yaml.dump(data, stream)
    text = stream.getvalue()
    return text, _lines(YAML().load(text))


def _lines(value: Any, path: KeyPath = ()) -> dict[str, int]:
    # Ruamel's round-trip objects know their lines by other code than the loader's.
    found: dict[str, int] = {}
    keys: Any = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        at: Any = value
        line, _ = at.lc.key(key) if isinstance(value, dict) else at.lc.item(key)
        found[dotted((*path, key))] = line + 1
        found |= _lines(value[key], (*path, key))
    return found


@pytest.mark.parametrize("path", PATHS, ids=dotted)
def test_load_spec_names_the_line_of_the_key(path: KeyPath) -> None:
    text, lines = _written(_changed(path, {"surely": ["wrong"]}))
    if path[:3] == ("smoke_tests", path[1] if len(path) > 1 else 0, "payload"):
        return  # anything may be in a payload
    with pytest.raises(SpecError) as refused:
        load_spec(text)
    for mistake in refused.value.mistakes:
        parent = mistake.key if mistake.key in lines else mistake.key.rpartition(".")[0]
        assert mistake.line == lines.get(parent, 1), str(mistake)
    assert any(mistake.key.startswith(dotted(path)) for mistake in refused.value.mistakes)
