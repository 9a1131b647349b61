"""Which programs of this user run in a folder of this machine. Linux only; elsewhere nobody can tell, and none does."""

from pathlib import Path

PROCESSES = Path("/proc")


def has_program_in(folder: Path) -> bool:
    """Whether a program works in the folder, or in one below it."""
    wanted = folder.resolve()
    return any(wanted in (place, *place.parents) for place in _working_folders())


def _working_folders() -> list[Path]:
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        try:
            found.append((process / "cwd").readlink())
        except OSError:  # it has ended, or is another user's
            continue
    return found
