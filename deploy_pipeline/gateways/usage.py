"""When something that is cached was last used, as the time of an empty file, and what is to go."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from deploy_pipeline.gateways.clock import Clock

KEPT_UNUSED = timedelta(days=14)


class Usage:
    """Marks in a folder. A mark also says that the thing is complete: it is set only after it was made.

    `most` is how many are kept, None for all that are used.
    """

    def __init__(self, folder: Path, clock: Clock, most: int | None = None) -> None:
        self._folder = folder
        self._clock = clock
        self._most = most

    def lock(self, name: str) -> Path:
        """The file that whoever makes or removes `name` locks."""
        return self._folder / f"{name}.lock"

    def is_marked(self, name: str) -> bool:
        """Whether `name` was made, and not dropped since."""
        return self._file(name).exists()

    def mark(self, name: str) -> None:
        """`name` is complete, and used now."""
        self._folder.mkdir(parents=True, exist_ok=True)
        seconds = self._clock.now().timestamp()
        self._file(name).touch()
        os.utime(self._file(name), (seconds, seconds))

    def drop(self, name: str) -> None:
        """`name` is gone."""
        self._file(name).unlink(missing_ok=True)

    def unused(self) -> tuple[str, ...]:
        """What was last used longer than `KEPT_UNUSED` ago, and what is more than is kept; the longest unused first."""
        oldest = (self._clock.now() - KEPT_UNUSED).timestamp()
        marks = sorted(self._marks())
        more = 0 if self._most is None else len(marks) - self._most
        return tuple(name for place, (used, name) in enumerate(marks) if used < oldest or place < more)

    def _marks(self) -> Iterator[tuple[float, str]]:
        """When each was last used, and its name; what somebody else drops meanwhile is left out."""
        for file in self._folder.glob("*.used"):
            with suppress(FileNotFoundError):
                yield file.stat().st_mtime, file.stem

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.used"
