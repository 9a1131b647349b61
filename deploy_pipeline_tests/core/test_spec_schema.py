"""The JSON Schema says what the loader checks, the copies in `docs/` are current, and every key is described."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.core.spec_mistakes import SpecError
from deploy_pipeline.core.spec_schema import spec_schema, spec_schema_text
from deploy_pipeline.core.spec_words import words

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
CHECKS_REFERENCE = (ROOT / "docs/pull-requests.md").read_text(encoding="utf-8")
SCHEMA = spec_schema()
MODELS: dict[str, dict[str, Any]] = {"Spec": SCHEMA, **SCHEMA["$defs"]}


def test_spec_schema_file_is_current() -> None:
    written = (ROOT / "docs/deploy.schema.json").read_text(encoding="utf-8")
    assert written == spec_schema_text(), "run: deploy-pipeline spec schema --write"


def test_spec_schema_describes_every_key() -> None:
    undescribed = [
        f"{model}.{key}"
        for model, schema in MODELS.items()
        for key, field in schema["properties"].items()
        if not field.get("description")
    ]
    assert undescribed == []
    assert all(schema.get("description") for schema in MODELS.values())


def test_spec_schema_explains_every_pattern() -> None:
    unexplained = [node for node in _nodes(SCHEMA) if "pattern" in node and "patternErrorMessage" not in node]
    assert unexplained == []


def test_spec_schema_is_closed() -> None:
    open_ended = [
        node for node in _nodes(SCHEMA) if "properties" in node and node.get("additionalProperties") is not False
    ]
    assert open_ended == []


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(item)


def table(model: str) -> str:
    """The table of a model's keys, as the reference has it."""
    rows = ["| key | holds | default | what it is |", "|---|---|---|---|"]
    for key, field in MODELS[model]["properties"].items():
        required = key in MODELS[model].get("required", [])
        default = "required" if required else _default(field["default"])
        rows.append(f"| `{key}` | {_holds(field)} | {default} | {field['description']} |")
    return "\n".join(rows)


def _default(value: Any) -> str:
    if not value and not isinstance(value, int | list):
        return "none"
    if isinstance(value, dict):
        return "its own defaults"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _holds(field: dict[str, Any]) -> str:
    named = [*field.get("patternProperties", {}).values()]
    if named:
        inner = named[0].get("$ref", "").rsplit("/", 1)[-1]
        return f"a mapping of names to {inner}" if inner else f"a mapping of names to: {words(named[0], SCHEMA)}"
    parts = [part for part in [field, *field.get("anyOf", [])] if "$ref" in part]
    if parts:
        return f"{parts[0]['$ref'].rsplit('/', 1)[-1]}"
    item = field.get("items", {})
    if item:
        inner = item.get("$ref", "").rsplit("/", 1)[-1] or words(item, SCHEMA)
        return f"{words(field, SCHEMA)} of: {inner}"
    return words(field, SCHEMA)


@pytest.mark.parametrize("model", MODELS)
def test_reference_is_current(model: str) -> None:
    written = REFERENCE + CHECKS_REFERENCE
    assert f"\n{table(model)}\n" in written, f"docs/spec.md or docs/pull-requests.md needs:\n{table(model)}"
    assert MODELS[model]["description"] in written


def test_reference_example_is_a_spec() -> None:
    example = REFERENCE.split("```yaml\n")[1].split("```")[0]
    spec = load_spec(example)
    assert (len(spec.images), len(spec.functions), len(spec.services), len(spec.smoke_tests)) == (1, 1, 1, 2)


def test_reference_message_is_what_the_loader_says() -> None:
    example = REFERENCE.split("```yaml\n")[1].split("```")[0]
    message = REFERENCE.split("```text\n")[1].split("```")[0].strip()
    with pytest.raises(SpecError) as refused:
        load_spec(example.replace("port: 8080", "port: 80a").replace("image: inference", "image: inferense"))
    assert str(refused.value) == message
