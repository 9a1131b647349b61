"""Which process a run runs in, so that it can be told from a later one that was given the same pid."""

import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

PROC = Path("/proc")
RUN_WORKER = "run-worker"
"""The name of a run worker's process, in /proc/<pid>/stat."""
BOOT = PROC / "sys/kernel/random/boot_id"
_STATE, _START_TIME = 0, 19  # fields of /proc/<pid>/stat, counted after the command's name


@dataclass(frozen=True)
class Worker:
    """The process of a run: its pid, and its start in clock ticks since the boot with the id `boot`."""

    run_id: str
    pid: int
    started: int
    boot: str

    @classmethod
    def here(cls, run_id: str) -> Self:
        """The process that calls this."""
        pid = os.getpid()
        return cls(run_id, pid, started_at(pid) or 0, boot_id())

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """What `text` wrote; None for anything else."""
        try:
            found = json.loads(text)
            return cls(str(found["run_id"]), int(found["pid"]), int(found["started"]), str(found["boot"]))
        except (ValueError, TypeError, KeyError):
            return None

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @property
    def alive(self) -> bool:
        """Whether exactly this process lives."""
        return self.boot == boot_id() and started_at(self.pid) == self.started

    def interrupt(self) -> bool:
        """Send SIGINT to exactly this process; False when it is gone."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.alive:  # asked while the pid is held: it cannot be given to another one any more
                return False
            signal.pidfd_send_signal(descriptor, signal.SIGINT)
        except ProcessLookupError:
            return False
        else:
            return True
        finally:
            os.close(descriptor)


def supported() -> bool:
    """Whether this system can tell processes apart as this module needs it."""
    return hasattr(os, "pidfd_open") and BOOT.exists()


def boot_id() -> str:
    """The kernel's name for the time since the machine was started."""
    return BOOT.read_text().strip()


def started_at(pid: int) -> int | None:
    """Start of a living process in clock ticks since boot; None when there is none, or only its corpse."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[_STATE] in "ZX" else int(fields[_START_TIME])


def lived_at(pid: int, seconds: float) -> bool:
    """Whether the process that has `pid` now had it already at a Unix time: then it is the one that had it then."""
    started = started_at(pid)
    if started is None:
        return False
    ticks = os.sysconf("SC_CLK_TCK")
    return boot_time() + started / ticks <= seconds + 1


def boot_time() -> float:
    """Unix time at which the machine was started."""
    lines = (PROC / "stat").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("btime")))
