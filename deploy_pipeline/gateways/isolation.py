"""Boxes: where code that nobody has reviewed runs. The interface; containers are `docker_isolation`.

A box has no credentials, no network unless it is given hosts, a read-only checkout, and one small folder to write to.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from deploy_pipeline.core.isolation import BoxSetup, Outcome, Places

Listener = Callable[[str], None]


class Box(ABC):
    """One box. Programs in it run one after another and share its scratch folder."""

    @property
    @abstractmethod
    def places(self) -> Places:
        """Where things are in the box."""

    @abstractmethod
    def run(
        self,
        argv: tuple[str, ...],
        *,
        timeout: float,
        cwd: str | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Listener | None = None,
    ) -> Outcome:
        """Run a program to its end, whatever its return code. `timeout` in seconds; `cwd` is the checkout by default.

        `environment` is added to the box's own few variables; it may hold a short-lived read-only credential, and
        nothing of it is kept. After any ending but `finished` the box is gone and every later call answers `died`.
        Raises DeployError only when the pipeline itself is at fault (no engine, no such image).
        """

    @abstractmethod
    def read(self, path: str, limit_mb: int = 16) -> bytes | None:
        """A file below `places.scratch`; None where there is no regular file there, or it is larger than the limit."""


class Isolation(ABC):
    """Makes boxes and what is in them."""

    @abstractmethod
    def prepare_tools(self, tools: Mapping[str, str], on_line: Listener) -> str:
        """Have these tools (name -> pip requirement such as `black==26.10.1`) and give their handle. Cached.

        Their programs appear in `Places.bin`. Raises DeployError (retryable where the package index did not answer).
        """

    @abstractmethod
    def prepare_environment(
        self, tools: str, packages: tuple[str, ...], requirements: Mapping[str, str], on_line: Listener
    ) -> str:
        """Have a Python environment with `packages` and everything in the requirement files (path -> content).

        Cached by the hash of all of it. No code of a package runs: only wheels are installed, with the network limited
        to the package index. Raises `Uninstallable` when the requirements cannot be met, DeployError otherwise.
        """

    @abstractmethod
    def box(self, setup: BoxSetup) -> AbstractContextManager[Box]:
        """A box, removed with everything in it when the context ends, however it ends."""

    @abstractmethod
    def close(self) -> None:
        """End all boxes that are open, whichever thread opened them, and open none any more.

        For one who is interrupted while other threads work in boxes: these find their programs `died`.
        """

    @abstractmethod
    def gives_up(self) -> str:
        """What this isolation does not protect from, in one sentence for people; empty when it is a container."""
