"""The record of a sandbox: what runs, where, and the environment that points the pipeline at it."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.processes import ProcessRecord

OWNER_ONLY = 0o600


class SandboxState(BaseModel):
    """Written to `sandbox.json` (owner only). `processes`: ministack, bridge, doubles, traffic.

    `ready` is false while `up` is still at work, or when it was cut short.
    """

    model_config = ConfigDict(frozen=True)

    home: Path
    started: datetime
    ready: bool = False
    versions: dict[str, str] = {}
    ports: dict[str, int] = {}
    bridge_address: str | None = None
    processes: dict[str, ProcessRecord] = {}
    commit: str | None = None
    knowledge_base_id: str | None = None
    env: dict[str, str] = {}

    def with_server(self, name: str, record: ProcessRecord) -> "SandboxState":
        """The same, with one more server."""
        return self.model_copy(update={"processes": {**self.processes, name: record}})

    def without_servers(self, names: Iterable[str]) -> "SandboxState":
        """The same, without some servers."""
        gone = set(names)
        return self.model_copy(update={"processes": {k: v for k, v in self.processes.items() if k not in gone}})


def read_state(file: Path) -> SandboxState | None:
    """The record, or None when there is none. A `DeployError` when it cannot be understood."""
    if not file.exists():
        return None
    try:
        return SandboxState.model_validate_json(file.read_bytes())
    except ValidationError as error:
        todo = "run `deploy-pipeline sandbox down --purge`: it finds the sandbox's processes without this file"
        raise DeployError(f"is damaged ({error.error_count()} mistakes)", where=str(file), todo=todo) from None


def write_state(file: Path, state: BaseModel) -> None:
    """Replace a record as a whole."""
    write_whole(file, state.model_dump_json(indent=2) + "\n")


def write_whole(file: Path, text: str) -> None:
    """Replace a file (owner only) as a whole: a reader never sees half of it."""
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    fresh.replace(file)
