"""Checks the plain values of a deploy.yaml against the models and finds each error's place and words."""

import json
import re
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_positions import Flaw, Node, Path, flaw_at, locate, plain
from deploy_pipeline.core.spec_scalars import boolean_hint, cut, shown
from deploy_pipeline.core.spec_types import EXPECTATION
from deploy_pipeline.core.spec_words import (
    Schema,
    descend,
    known_keys,
    one_of_kinds,
    words,
    words_for_key,
)

Place = tuple[str | int, ...]
"""Where pydantic saw an error: a path, with the `kind` that it chose and its mark for keys."""

_KEY_MARK = "[key]"
_NO_KIND = ("union_tag_invalid", "union_tag_not_found")


@cache
def _schema() -> dict[str, Any]:
    return Spec.model_json_schema()


def validate(root: Node) -> tuple[Spec | None, list[Flaw]]:
    """The spec, or the flaws that kept it from being one. Names are not checked against each other."""
    try:
        # JSON mode, because strict validation of Python values takes no list for a tuple.
        return Spec.model_validate_json(json.dumps(plain(root)), strict=True), []
    except ValidationError as error:
        return None, [_flaw(root, details) for details in error.errors(include_url=False)]


def _flaw(root: Node, error: ErrorDetails) -> Flaw:
    place = error["loc"]
    if place[-1:] == (_KEY_MARK,):
        return _unsuitable_key(root, place[:-1])
    if error["type"] == "extra_forbidden":
        return _unknown_key(root, place)
    path, schema = descend(_schema(), place)
    if error["type"] in _NO_KIND:
        return flaw_at(root, (*path, "kind"), one_of_kinds(schema))
    if error["type"] == EXPECTATION:
        return flaw_at(root, path, error["ctx"]["expected"])
    return flaw_at(root, path, words(schema, _schema()) + _hint(root, path, schema))


def _unsuitable_key(root: Node, place: Place) -> Flaw:
    path, _ = descend(_schema(), place)
    _, mapping = descend(_schema(), place[:-1])
    line, _ = locate(root, path)
    return Flaw(path, line, f"the key {shown(str(path[-1]))}", words_for_key(mapping, _schema()))


def _unknown_key(root: Node, place: Place) -> Flaw:
    path, _ = descend(_schema(), place)
    _, mapping = descend(_schema(), place[:-1])
    line, _ = locate(root, path)
    return Flaw(path, line, "an unknown key", known_keys(mapping, str(path[-1])))


def _hint(root: Node, path: Path, schema: Schema) -> str:
    _, node = locate(root, path)
    if node is None:
        return " (the key is required)"
    if node.value is None:
        return " (a key with nothing behind it is null)"
    if schema.get("type") == "boolean" and isinstance(node.value, str):
        return boolean_hint(node.value)
    if (
        schema.get("type") == "string"
        and not isinstance(node.value, str)
        and re.search(schema.get("pattern", ""), node.source)
    ):
        return f' (in quotes: "{cut(node.source)}")'
    return ""
