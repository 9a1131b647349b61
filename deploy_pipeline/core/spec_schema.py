"""The JSON Schema of `deploy.yaml`, for editors and for people. Writing it to a file is `cli/spec_commands`."""

import json
from typing import Any

from deploy_pipeline.core.spec import Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def spec_schema() -> dict[str, Any]:
    """The schema, with a description for every key.

    It knows shapes, not references: that a service's image exists, only `load_spec` checks.
    `patternErrorMessage` is not part of JSON Schema; editors built on VS Code's language server show it.
    """
    schema: dict[str, Any] = _tidy(Spec.model_json_schema())
    return {"$schema": DIALECT, **schema, "title": "deploy.yaml"}


def spec_schema_text() -> str:
    """The schema as the file `docs/deploy.schema.json` has it."""
    return json.dumps(spec_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(value: Any) -> Any:
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    # pydantic's titles repeat the keys; its open mappings would let a misspelt name pass.
    tidy = {key: _tidy(item) for key, item in value.items() if not (key == "title" and isinstance(item, str))}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy
