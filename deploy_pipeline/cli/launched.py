"""Starts a program of the service: forked from the warm server, else by itself."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.warm.client import start_program
from deploy_pipeline.warm.identity import Worker
from deploy_pipeline.warm.wire import NotWarm

POLL_SECONDS = 0.1
UNKNOWN = -1
"""The exit code of a process that is not our child."""
MOST_ENDS, WITHIN_SECONDS = 3, 300.0
"""What ends as often by itself has a reason that another start does not mend."""


class Program(Protocol):
    """What is asked of a running program."""

    @property
    def pid(self) -> int:
        """Its process."""

    @property
    def returncode(self) -> int | None:
        """How it had ended when it was last asked."""

    def poll(self) -> int | None:
        """How it ended; None while it runs."""

    def wait(self) -> int:
        """Wait for its end; how it ended."""


@dataclass(frozen=True)
class Forked:
    """A program that the warm server has forked."""

    worker: Worker

    @property
    def pid(self) -> int:
        """Its process."""
        return self.worker.pid

    @property
    def returncode(self) -> int | None:
        """As `poll`."""
        return self.poll()

    def poll(self) -> int | None:
        """None while it runs. The code itself is known to the warm server alone."""
        return None if self.worker.alive else UNKNOWN

    def wait(self) -> int:
        """Wait for its end."""
        while self.worker.alive:
            time.sleep(POLL_SECONDS)
        return UNKNOWN


@dataclass
class Kept:
    """A program that runs until we end it: one that ends by itself is started again. `ends` are when it did."""

    name: str
    log: Path
    launch: Callable[[], Program]
    process: Program
    ends: list[float] = field(default_factory=list)

    def mend(self, say: Callable[[str], None]) -> str | None:
        """Start it again where it has ended. Says what is wrong where that has happened too often."""
        if self.process.poll() is None:
            return None
        now = time.monotonic()
        self.ends = [*(each for each in self.ends if now - each < WITHIN_SECONDS), now]
        if len(self.ends) >= MOST_ENDS:
            return f"dagster {self.name} ended {MOST_ENDS} times in {WITHIN_SECONDS / 60:.0f} minutes; see {self.log}"
        say(f"dagster {self.name} ended: starting it again; its log is {self.log}")
        self.process = self.launch()
        return None


def forked(home: Path, name: str, argv: Sequence[str], log: Path) -> Program | None:
    """One of the warm server's programs; None where no warm server answers."""
    try:
        return Forked(start_program(home, name, argv, log))
    except NotWarm:
        return None


def launched(argv: list[str], folder: Path, log: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A child in a session of its own, so that a Ctrl-C here reaches it only through us."""
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                argv,
                cwd=folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        todo = "install the pipeline again: `pip install -e .`"
        raise DeployError(f"cannot be started: {error.strerror}", where=argv[0], todo=todo) from error
