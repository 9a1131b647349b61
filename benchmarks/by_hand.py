"""The job's commands one after another, as somebody without the pipeline would run them; how long each one takes.

The checks themselves give the commands, so they are the job's by construction. Nothing is measured but programs and,
where they run in boxes, the start and the removal of the boxes.
"""

import resource
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from time import perf_counter

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.environment import prepared_environment
from deploy_pipeline.checks.registry import CHECK_FUNCTIONS
from deploy_pipeline.checks.runner import Checked, run_check
from deploy_pipeline.core.checks.catalogue import IN_ENVIRONMENT, enabled, tools_of
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import BoxSetup, Outcome, Places
from deploy_pipeline.gateways.isolation import Box, Isolation, Listener


@dataclass(frozen=True)
class Command:
    """A program that has run, in which box, and for how long."""

    box: str
    argv: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class ByHand:
    """All commands in order, how long all boxes were open, and how each check ended (name -> state).

    `cpu_seconds` is what the programs used of all cores; it is known only where they are children of this process.
    """

    commands: tuple[Command, ...]
    box_seconds: float
    cpu_seconds: float
    states: Mapping[str, str]

    @property
    def seconds(self) -> float:
        """How long the programs ran, one after another."""
        return sum(command.seconds for command in self.commands)


class Recording(Isolation):
    """Hands everything on, and keeps what was run. Without what only lays out files for a tool: `cp`, `mkdir`."""

    def __init__(self, real: Isolation) -> None:
        self._real = real
        self.commands: list[Command] = []
        self.box_seconds = 0.0

    def prepare_tools(self, tools: Mapping[str, str], on_line: Listener) -> str:
        return self._real.prepare_tools(tools, on_line)

    def prepare_environment(
        self, tools: str, packages: tuple[str, ...], requirements: Mapping[str, str], on_line: Listener
    ) -> str:
        return self._real.prepare_environment(tools, packages, requirements, on_line)

    def box(self, setup: BoxSetup) -> AbstractContextManager[Box]:
        return self._box(setup)

    def gives_up(self) -> str:
        return self._real.gives_up()

    def close(self) -> None:
        self._real.close()

    @contextmanager
    def _box(self, setup: BoxSetup) -> Iterator[Box]:
        start = perf_counter()
        with self._real.box(setup) as box:
            yield RecordingBox(box, setup.name, self.commands)
        self.box_seconds += perf_counter() - start


class RecordingBox(Box):
    """Hands everything on, and keeps what was run. A tool is named by its path, a program of the system is not."""

    def __init__(self, real: Box, name: str, commands: list[Command]) -> None:
        self._real = real
        self._name = name
        self._commands = commands

    @property
    def places(self) -> Places:
        return self._real.places

    def run(
        self,
        argv: tuple[str, ...],
        *,
        timeout: float,
        cwd: str | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Listener | None = None,
    ) -> Outcome:
        start = perf_counter()
        outcome = self._real.run(argv, timeout=timeout, cwd=cwd, environment=environment, on_line=on_line)
        if argv[0].startswith("/"):
            self._commands.append(Command(self._name, argv, perf_counter() - start))
        return outcome

    def read(self, path: str, limit_mb: int = 16) -> bytes | None:
        return self._real.read(path, limit_mb)


def run_by_hand(subject: Subject, bench: Bench) -> ByHand:
    """Run every check that the spec wants, one after another; tools and environment are made ready before."""
    recording = Recording(bench.isolation)
    bench = replace(bench, isolation=recording)
    tools = recording.prepare_tools(tools_of(subject.spec), bench.on_line)
    bench = replace(bench, prepared=replace(bench.prepared, tools=tools))
    ready = prepared_environment(subject, bench)
    done: dict[str, Checked] = {}
    used = cpu_seconds()
    for name in enabled(subject.spec):
        if name in CHECK_FUNCTIONS:
            prepared = ready if name in IN_ENVIRONMENT else bench.prepared
            done[name] = run_check(name, CHECK_FUNCTIONS[name][0], subject, replace(bench, prepared=prepared))
    states = {name: f"{checked.result.state}: {checked.result.summary}" for name, checked in done.items()}
    return ByHand(tuple(recording.commands), recording.box_seconds, cpu_seconds() - used, states)


def cpu_seconds() -> float:
    """What children of this process that have ended used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
