"""The folders that the service writes to: full, locked by another program, or gone for a while."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE = "2g"  # of the file system; it takes as much memory as there is in it
PAGE = 4096
_AHEAD: list[threading.Timer] = []


@contextmanager
def mounted(folders: list[Path]) -> Iterator[bool]:
    """A file system of its own in each folder, where this machine lets us; whether it does."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = [folder for folder in folders if _mount(f"size={SIZE},mode=700", folder)]
    try:
        yield len(done) == len(folders)
    finally:
        for folder in done:
            subprocess.run(["umount", "--lazy", folder], check=False)


def fill(folder: Path, seconds: float) -> None:
    """For so long, nothing more can be written there: the file system is as large as what is in it."""
    seen = os.statvfs(folder)
    used = (seen.f_blocks - seen.f_bfree) * seen.f_frsize
    if not _mount(f"remount,size={max(used, PAGE)}", folder):
        raise OSError(f"{folder} cannot be filled")
    later(seconds, lambda: _mount(f"remount,size={SIZE}", folder))


def lock(home: Path, seconds: float) -> None:
    """For so long, another program writes to every database of the Dagster instance in `home`."""
    held = []
    for file in home.rglob("*.db"):
        connection = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN EXCLUSIVE")
        held.append(connection)

    def release() -> None:
        for connection in held:
            connection.close()

    later(seconds, release)


def take_away(folder: Path, seconds: float) -> None:
    """For so long, the folder is somewhere else. What was written in its place meanwhile is lost."""
    elsewhere = folder.with_name(f"{folder.name}.away")
    folder.rename(elsewhere)

    def put_back() -> None:
        while elsewhere.exists():
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # somebody has written there just now
                elsewhere.rename(folder)

    later(seconds, put_back)


def later(seconds: float, act: Callable[[], object]) -> None:
    """Do it by then; `restored` waits for it."""
    timer = threading.Timer(seconds, act)
    _AHEAD.append(timer)
    timer.start()


def restored() -> None:
    """Wait until everything that was taken is given back: a deployment can be over before that."""
    while _AHEAD:
        _AHEAD.pop().join()


def _mount(options: str, folder: Path) -> bool:
    argv = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return shutil.which("mount") is not None and subprocess.run(argv, capture_output=True, check=False).returncode == 0
