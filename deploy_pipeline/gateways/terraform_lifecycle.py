"""Reads `ignore_changes` out of a stack's own files: Terraform's plan does not tell it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from deploy_pipeline.core.ownership import TrafficResource

MODULES = ".terraform/modules/modules.json"


def with_ignored(stack: Path, resource: TrafficResource) -> TrafficResource:
    """The resource with what its block ignores; as it is where the block is not found, or cannot be read."""
    folder = module_folder(stack, resource.module)
    if folder is None:
        return resource
    for block in blocks(folder, resource):
        ignored = frozenset(name for each in listed(block.get("lifecycle")) for name in names(each))
        return replace(resource, ignored=ignored)
    return resource


def module_folder(stack: Path, module: str) -> Path | None:
    """Where a module's files lie, by the list that `terraform init` has written; None where it does not say."""
    if not module:
        return stack
    file = stack / MODULES
    known = json.loads(file.read_text())["Modules"] if file.is_file() else []
    return next((stack / each["Dir"] for each in known if each["Key"] == module), None)


def blocks(folder: Path, resource: TrafficResource) -> Iterator[Mapping[str, Any]]:
    """The resource's blocks in a folder."""
    for file in sorted([*folder.glob("*.tf"), *folder.glob("*.tf.json")]):
        text = file.read_text(errors="replace")
        if f'"{resource.type}"' not in text or f'"{resource.name}"' not in text:
            continue
        for table in listed(parsed(file.suffix, text).get("resource")):
            for kind, named in plain_keys(table).items():
                found = plain_keys(named).get(resource.name) if kind == resource.type else None
                yield from listed(found)


@lru_cache(maxsize=32)
def parsed(suffix: str, text: str) -> Mapping[str, Any]:
    """A file's content, read once for all of its resources; empty where this reader does not know its syntax."""
    if suffix == ".json":
        return dict(json.loads(text))
    import hcl2  # noqa: PLC0415 - its grammar takes seconds to load
    from lark.exceptions import LarkError  # noqa: PLC0415

    try:
        return dict(hcl2.loads(text))
    except LarkError:
        return {}


def load_grammar() -> None:
    """Load what `parsed` needs, once: for a process that others are forked from."""
    parsed(".tf", "")


def names(lifecycle: Any) -> Iterator[str]:
    """The attributes of an `ignore_changes`, without the quotes and braces of the reader: `tags["x"]` is itself."""
    given = lifecycle.get("ignore_changes", []) if isinstance(lifecycle, Mapping) else []
    for each in given if isinstance(given, list) else [given]:
        yield str(each).strip().removeprefix("${").removesuffix("}").strip('"')


def listed(value: Any) -> list[Any]:
    """Blocks come alone or as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]


def plain_keys(table: Any) -> dict[str, Any]:
    """The reader leaves the quotes of labels."""
    return {str(key).strip('"'): value for key, value in table.items()} if isinstance(table, Mapping) else {}
