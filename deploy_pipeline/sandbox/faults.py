"""Trouble on demand for the sandbox's services: answers that replace the real ones for a while. Knows no service."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Fault:
    """A failing status for the next `left` requests (None: until cleared) whose path contains `path_contains`."""

    status: int
    left: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    path_contains: str = ""
    method: str = ""


class Faults:
    """The faults that are set, at most one of a kind. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self.latency = 0.0  # seconds added to every request

    def set(self, kind: str, fault: Fault | None) -> None:
        """Put a fault of one kind in place of the former one; None clears it."""
        with self._lock:
            if fault is None:
                self._faults.pop(kind, None)
            else:
                self._faults[kind] = fault

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._faults.clear()
            self.latency = 0.0

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, counted down; None when it may pass."""
        with self._lock:
            for kind, fault in self._faults.items():
                if fault.left != 0 and fault.path_contains in path and fault.method in ("", method):
                    if fault.left is not None:
                        self._faults[kind] = replace(fault, left=fault.left - 1)
                    return fault
        return None
