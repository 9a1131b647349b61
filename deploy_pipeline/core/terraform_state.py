"""Reading what Terraform says after an apply: the state's number and size, and the outputs that may be shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StateReading:
    """A state: its serial, its lineage, and how many managed instances it has."""

    serial: int
    lineage: str
    resources: int


def read_state(state: Mapping[str, Any]) -> StateReading:
    """Read the object that `terraform state pull` gives."""
    managed = (resource for resource in state.get("resources") or [] if resource.get("mode") == "managed")
    count = sum(len(resource.get("instances") or []) for resource in managed)
    return StateReading(serial=int(state["serial"]), lineage=str(state["lineage"]), resources=count)


def is_state(body: bytes | None, serial: int, lineage: str) -> bool:
    """Whether `body`, the state as it lies in its backend, is the one with that number and lineage."""
    try:
        state = json.loads(body or b"")
        return bool(state["serial"] == serial and state["lineage"] == lineage)
    except (ValueError, KeyError, TypeError):
        return False


def serial_of(body: bytes | None) -> int | None:
    """The number of `body`, a state as it lies in its backend; None where there is none, or nobody can read it."""
    try:
        return int(json.loads(body or b"")["serial"])
    except (ValueError, KeyError, TypeError):
        return None


def read_outputs(outputs: Mapping[str, Any]) -> dict[str, str]:
    """Read the `outputs` of a state: sensitive ones left out, what is not text as compact JSON."""
    shown = {name: output["value"] for name, output in outputs.items() if not output.get("sensitive")}
    return {name: value if isinstance(value, str) else compact(value) for name, value in shown.items()}


def compact(value: Any) -> str:
    """A value as JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))
