"""Notices that the code which a process has loaded is not what lies on the disk any more."""

import importlib.util
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

QUIET_SECONDS = 3.0
"""A checkout of another version writes its files over some time."""
State = dict[str, tuple[int, int, int]]


@dataclass(frozen=True)
class CodeState:
    """What the Python files below `roots`, and `roots` that are files, were like at some moment."""

    roots: tuple[Path, ...]
    files: State

    @classmethod
    def now(cls, roots: Sequence[Path]) -> Self:
        """As they are."""
        return cls(tuple(roots), files_of(roots))

    @property
    def changed(self) -> bool:
        """Whether a file came, went, or was written since."""
        return files_of(self.roots) != self.files


class CodeWatch:
    """Says when the code has to be loaded anew: at once for who asks, else when writing has paused."""

    def __init__(self, loaded: CodeState) -> None:
        self._loaded = loaded
        self._seen = loaded
        self._since = time.monotonic()

    def outdated(self, asked: bool) -> bool:
        """Whether to load it now; `asked` when somebody waits for a process with the code of now."""
        if not self._loaded.changed:
            return False
        if self._seen.changed:
            self._seen, self._since = CodeState.now(self._loaded.roots), time.monotonic()
        return asked or time.monotonic() - self._since >= QUIET_SECONDS


def files_of(roots: Sequence[Path]) -> State:
    """Path -> inode, size and time of the last change (nanoseconds). What is not there is left out."""
    found: State = {}
    for root in roots:
        for path in [root] if not root.is_dir() else python_files(root):
            try:
                stat = os.stat(path)  # noqa: PTH116  (hundreds of files before each start of a run)
            except OSError:
                continue
            found[str(path)] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found


def python_files(folder: Path) -> Iterator[str]:
    """Every Python file below a folder."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (f"{parent}/{name}" for name in names if name.endswith(".py"))


def roots_of(module: str) -> list[Path]:
    """The folder of the package that a module belongs to, or its own file. Nothing of it is imported."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or []]
    return folders or ([Path(spec.origin)] if spec.origin else [])
