"""Says in plain words what a place in the spec holds, from its JSON Schema. It does not validate."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from deploy_pipeline.core.spec_positions import Path

Schema = Mapping[str, Any]
_TYPES = {
    ("array", False): "a list",
    ("array", True): "a list with at least one entry",
    ("boolean", False): "true or false",
    ("object", False): "a mapping",
    ("string", False): "text",
    ("string", True): "text that is not empty",
}


def resolve(schema: Schema, root: Schema) -> Schema:
    """The schema itself, behind references and an optional's null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
            continue
        members = [member for member in schema["anyOf"] if member.get("type") != "null"]
        if len(members) != 1:
            break
        schema = members[0]
    return schema


def descend(root: Schema, place: tuple[str | int, ...]) -> tuple[Path, Schema]:
    """The path in the file, and the schema, of the place that pydantic names in an error.

    The two differ: pydantic also names the `kind` of a smoke test that it chose.
    """
    path: list[str | int] = []
    schema = resolve(root, root)
    for key in place:
        if "discriminator" in schema:
            schema = resolve({"$ref": schema["discriminator"]["mapping"][key]}, root)
        else:
            path.append(key)
            schema = _child(schema, key, root)
    return tuple(path), schema


def _child(schema: Schema, key: str | int, root: Schema) -> Schema:
    if isinstance(key, int):
        return resolve(schema.get("items", {}), root)
    known = schema.get("properties", {})
    if key in known:
        return resolve(known[key], root)
    named = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
    return resolve(named[0] or {}, root)


def words(schema: Schema, root: Schema) -> str:
    """What the place holds, in words that follow "expected"."""
    schema = resolve(schema, root)
    if "patternErrorMessage" in schema:
        return str(schema["patternErrorMessage"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if "discriminator" in schema:
        return f"a mapping whose {schema['discriminator']['propertyName']} is {one_of_kinds(schema)}"
    if "anyOf" in schema:
        return " or ".join(words(member, root) for member in schema["anyOf"])
    return _words_of_type(schema)


def one_of_kinds(schema: Schema) -> str:
    """The values that choose between the members of a union."""
    return f"one of {', '.join(schema['discriminator']['mapping'])}"


def _words_of_type(schema: Schema) -> str:
    if schema.get("type") == "integer":
        return _integer(schema.get("minimum"), schema.get("maximum"))
    if schema.get("type") == "number":
        return _number(schema)
    if schema.get("format") == "date":
        return "a date such as 2026-12-31"
    at_least_one = bool(schema.get("minItems") or schema.get("minLength"))
    return _TYPES.get((schema.get("type", ""), at_least_one), "a value")


def _integer(minimum: int | None, maximum: int | None) -> str:
    if minimum is not None and maximum is not None:
        return f"an integer between {minimum} and {maximum}"
    return "an integer" if minimum is None else f"an integer of at least {minimum}"


def _number(schema: Schema) -> str:
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    said = [f"{wording} {schema[name]:g}" for name, wording in bounds.items() if name in schema]
    return f"a number, {' and '.join(said)}" if said else "a number"


def words_for_key(mapping: Schema, root: Schema) -> str:
    """What a key of the mapping must be."""
    return words({"type": "string", **mapping.get("propertyNames", {})}, root)


def known_keys(schema: Schema, key: str) -> str:
    """The keys that a mapping may have, the one that was probably meant first."""
    names = sorted(schema.get("properties", {}))
    close = get_close_matches(key, names, n=1)
    return did_you_mean(close) + f"one of {', '.join(names)}"


def did_you_mean(close: list[str]) -> str:
    """The name that was probably meant, where there is one."""
    return f'"{close[0]}" (did you mean that?) or ' if close else ""
