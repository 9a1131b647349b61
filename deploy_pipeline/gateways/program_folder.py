"""Which programs of this user run in a folder of this machine. Linux only; elsewhere nobody can tell, and none does."""

import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path

PROCESSES = Path("/proc")
PLUGINS = b".terraform/providers/"  # in the name that Terraform starts one by; the program can be in a mirror
_PARENT = 1  # field of /proc/<pid>/stat, counted after the command's name


def has_program_in(folder: Path) -> bool:
    """Whether a program works in the folder, or in one below it."""
    return bool(_programs_in(folder))


def end_lost_plugins(folder: Path) -> int:
    """End the Terraform plugins in the folder that have lost their Terraform; how many there were.

    A plugin serves the Terraform that started it and nobody else, but does not always end with it: it would stay for
    ever, and look like a Terraform that still works.
    """
    programs = _programs_in(folder)
    lost = [pid for pid, parent in programs.items() if parent not in programs]
    return sum(_end_plugin(pid, parent=programs[pid]) for pid in lost)


def _end_plugin(pid: int, parent: int) -> bool:
    with contextlib.suppress(OSError):  # it has ended meanwhile
        process = os.pidfd_open(pid)
        try:
            # Asked again with the process in hand: before, its pid could have come to another.
            name = (PROCESSES / str(pid) / "cmdline").read_bytes().partition(b"\0")[0]
            if PLUGINS in name and _parent(pid) == parent:
                signal.pidfd_send_signal(process, signal.SIGKILL)
                return True
        finally:
            os.close(process)
    return False


def _programs_in(folder: Path) -> Mapping[int, int]:
    """Pid -> the pid of its parent."""
    wanted = folder.resolve()
    found = {}
    for process in PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            place = (process / "cwd").readlink()
            if wanted in (place, *place.parents):
                found[int(process.name)] = _parent(int(process.name))
    return found


def _parent(pid: int) -> int:
    return int((PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()[_PARENT])
