"""Keeps the values between ops as small JSON files: nothing is pickled, so nobody who can write a file can run code."""

from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import TypeAdapter

OWNER_ONLY = 0o600


class JsonValues(dg.IOManager):
    """Writes each output as JSON below `folder` and reads it back as the type that the producing op declares."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write one output; a type that JSON cannot carry is refused here, where it was made."""
        if context.dagster_type.is_nothing:
            return
        path = self._path(context)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=OWNER_ONLY)
        path.write_bytes(_adapter(context.dagster_type.typing_type).dump_json(obj, indent=1))

    def load_input(self, context: dg.InputContext) -> Any:
        """Read one input; for a fan-in this is called once for each upstream step."""
        upstream = context.upstream_output
        if upstream is None:
            raise dg.DagsterInvariantViolationError(f"input {context.name} has no upstream step to be read from")
        # The type of what was written: for a fan-in, Dagster gives the consumer's list here, but one element to read.
        return _adapter(upstream.dagster_type.typing_type).validate_json(self._path(upstream).read_bytes())

    def _path(self, context: dg.OutputContext) -> Path:
        *folders, name = context.get_identifier()
        return self._folder.joinpath(*folders, f"{name}.json")


@cache
def _adapter(typing_type: Any) -> TypeAdapter[Any]:
    """Made once for each type: that takes milliseconds, and every step reads and writes some values."""
    return TypeAdapter(typing_type)


@dg.io_manager(
    description="Values between ops as JSON files in the instance's storage folder, readable by the owner only."
)
def json_values(context: dg.InitResourceContext) -> JsonValues:
    """The default way in which values travel between the ops of every job."""
    if context.instance is None:
        raise dg.DagsterInvariantViolationError("values between ops need a Dagster instance with a storage folder")
    return JsonValues(Path(context.instance.storage_directory()))
