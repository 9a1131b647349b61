"""Processes that outlive the command that started them. A pid is only used together with its start time."""

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deploy_pipeline.gateways.clock import Clock

PROC = Path("/proc")
_STATE, _START_TIME = 0, 19  # fields of /proc/<pid>/stat, counted after the command's name


class ProcessRecord(BaseModel):
    """A process: its pid, and its start in clock ticks since boot, which tells it from a later one with that pid."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: int


def start_detached(argv: Sequence[str], env: Mapping[str, str], log: Path) -> ProcessRecord:
    """Start a program in a session of its own, with exactly `env`; its output is appended to `log` (owner only)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    pid = os.posix_spawn(
        argv[0],
        list(argv),
        dict(env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return ProcessRecord(pid=pid, started=started_at(pid) or 0)


def started_at(pid: int) -> int | None:
    """Start time of a living process in clock ticks since boot; None when there is none, or only its corpse."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours that died stays a zombie until somebody asks
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[_STATE] in "ZX" else int(fields[_START_TIME])


def is_running(record: ProcessRecord) -> bool:
    """Whether exactly this process lives, not another that was given its pid since."""
    return started_at(record.pid) == record.started


def marked(marker: str) -> list[ProcessRecord]:
    """The living processes that were started with `marker` ("NAME=value") in their environment, children included."""
    wanted = marker.encode()
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to another user
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return [ProcessRecord(pid=pid, started=start) for pid in found if (start := started_at(pid)) is not None]


def in_session_of(record: ProcessRecord, leaders: Sequence[ProcessRecord]) -> bool:
    """Whether a process is one of the leaders, or was started by one of them."""
    try:
        return os.getsid(record.pid) in {leader.pid for leader in leaders}
    except ProcessLookupError:
        return False


def stop(records: Sequence[ProcessRecord], clock: Clock, seconds: float = 15) -> None:
    """SIGTERM to each process, then SIGKILL to those that still live after `seconds`."""
    _signal(records, signal.SIGTERM)
    if not _wait_gone(records, clock, seconds):
        _signal(records, signal.SIGKILL)
        _wait_gone(records, clock, seconds)


def _signal(records: Sequence[ProcessRecord], number: signal.Signals) -> None:
    for record in filter(is_running, records):
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, number)


def _wait_gone(records: Sequence[ProcessRecord], clock: Clock, seconds: float) -> bool:
    deadline = clock.monotonic() + seconds
    while any(map(is_running, records)):
        if clock.monotonic() >= deadline:
            return False
        clock.sleep(0.05)
    return True
