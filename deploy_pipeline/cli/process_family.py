"""The processes that came of a few that we started: found by a mark in their environment, and ended. Needs /proc.

The warm server forks the code server and the run workers; a code server starts the workers of runs that start cold. A
step starts Terraform and others with an environment of their own, in a session of their own: they are found by their
parents.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.warm.identity import RUN_WORKER

PROC = Path("/proc")
POLL_SECONDS = 0.1
PATIENT_SECONDS = 2.0
KILL_SECONDS = 15.0
WORKER = b"multiprocessing"  # in the command line of run workers that started cold, and of steps
WORKER_NAME = RUN_WORKER.encode()
_STATE, _PARENT, _START_TIME = 0, 1, 19  # fields of /proc/<pid>/stat, counted after the command's name


@dataclass(frozen=True)
class Member:
    """A living process. `started` (clock ticks since boot) tells it from a later one with its pid."""

    pid: int
    started: int
    parent: int
    marked: bool
    worker: bool

    @property
    def identity(self) -> tuple[int, int]:
        """What stays the same, whatever program it runs and whoever adopts it."""
        return self.pid, self.started


class Family:
    """Every process with `marker` ("NAME=value") in the environment it was started with, and all their descendants."""

    def __init__(self, marker: str, clock: Clock) -> None:
        self._marker = marker.encode()
        self._clock = clock
        self._known: set[tuple[int, int]] = set()

    def alive(self) -> list[Member]:
        """The members that live now. One that was seen before stays a member when its parent is gone."""
        everyone = living(self._marker)
        ours = {member.pid for member in everyone if member.marked or member.identity in self._known}
        while children := {member.pid for member in everyone if member.parent in ours} - ours:
            ours |= children
        members = [member for member in everyone if member.pid in ours]
        self._known |= {member.identity for member in members}
        return members

    def end(self, grace: float, show: Callable[[str], None]) -> None:
        """Ask all to end, wait up to `grace` seconds, end the rest by force. Returns when none is left.

        Raises `DeployError` when some cannot be ended.
        """
        begin, asked, shown = self._clock.monotonic(), set[tuple[int, int]](), False
        while members := self.alive():
            waited = self._clock.monotonic() - begin
            if waited >= grace:
                self._kill(len(members), grace, show)
                return
            fresh = [member for member in to_ask(members) if member.identity not in asked]
            send(signal.SIGTERM, fresh)
            asked |= {member.identity for member in fresh}
            if waited >= PATIENT_SECONDS and not shown:
                show(f"waiting up to {grace:.0f} s for {len(members)} processes: what a run has begun ends in order")
                shown = True
            self._clock.sleep(POLL_SECONDS)

    def _kill(self, count: int, grace: float, show: Callable[[str], None]) -> None:
        show(f"{count} processes did not end within {grace:.0f} s: ending them by force")
        deadline = self._clock.monotonic() + KILL_SECONDS
        while members := self.alive():
            if self._clock.monotonic() >= deadline:
                pids = ", ".join(str(member.pid) for member in members)
                raise DeployError(f"could not be ended: {pids}", where="processes", todo="see what they wait for")
            send(signal.SIGKILL, members)
            self._clock.sleep(POLL_SECONDS)


def to_ask(members: Iterable[Member]) -> list[Member]:
    """Those that get the signal themselves: not what is below a run worker or a step, nor what carries no mark.

    A run worker interrupts its steps, and a step its Terraform. A second interrupt would end Terraform at once, before
    it has written its state. What has lost its run worker is asked directly.
    """
    by_pid = {member.pid: member for member in members}
    return [member for member in by_pid.values() if member.marked and not below_worker(member, by_pid)]


def below_worker(member: Member, by_pid: dict[int, Member]) -> bool:
    """Whether a run worker or a step is among the ancestors."""
    parent = by_pid.get(member.parent)
    return parent is not None and (parent.worker or below_worker(parent, by_pid))


def send(number: signal.Signals, members: Iterable[Member]) -> None:
    """Send a signal to each that still lives."""
    for member in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member.pid, number)


def living(marker: bytes) -> list[Member]:
    """All processes of this machine but this one and the dead that nobody has asked for yet."""
    folders = [folder for folder in PROC.iterdir() if folder.name.isdigit() and folder.name != str(os.getpid())]
    return [member for folder in folders if (member := read_member(folder, marker)) is not None]


def read_member(folder: Path, marker: bytes) -> Member | None:
    """The process of a folder in /proc; None when it is dead."""
    before, _, after = contents(folder / "stat").rpartition(b")")
    name, fields = before.partition(b"(")[2], after.split()
    if not fields or fields[_STATE] in {b"Z", b"X"}:
        return None
    marked = marker in contents(folder / "environ").split(b"\0")
    worker = marked and (name == WORKER_NAME or WORKER in contents(folder / "cmdline"))
    return Member(int(folder.name), int(fields[_START_TIME]), int(fields[_PARENT]), marked, worker)


def contents(file: Path) -> bytes:
    """A file of /proc; nothing when the process ended meanwhile or belongs to another user."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
