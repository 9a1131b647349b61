"""Each step's own stdout and stderr, while the steps share one process: what a thread writes goes to its files too."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol


class Writable(Protocol):
    """What a thread's own output is copied to."""

    def write(self, text: str, /) -> object:
        """Take text."""

    def flush(self) -> object:
        """Write out what is kept back."""


@dataclass
class LateFiles:
    """Files that `open_all` opens, together, when something is first written to one of them: most steps are silent."""

    open_all: Callable[[], Sequence[IO[str]]]
    opened: Sequence[IO[str]] = field(default=(), init=False)

    def file(self, number: int) -> "LateFile":
        """The file of this number, which need not be open yet."""
        return LateFile(self, number)


@dataclass(frozen=True)
class LateFile:
    """One of `LateFiles`."""

    files: LateFiles
    number: int

    def write(self, text: str) -> None:
        """Open the files, unless they are, and write to this one."""
        if not self.files.opened:
            self.files.opened = self.files.open_all()
        self.files.opened[self.number].write(text)

    def flush(self) -> None:
        """Flush, if the files are open."""
        if self.files.opened:
            self.files.opened[self.number].flush()


class ThreadStream:
    """Stands for `sys.stdout` or `sys.stderr`: passes on what is written, and copies it to the thread's own file."""

    def __init__(self, original: IO[str]) -> None:
        self._original = original
        self._own = threading.local()

    def write(self, text: str) -> int:
        """Write to the thread's file, if it has one, and to the original."""
        own = getattr(self._own, "file", None)
        if own is not None:
            own.write(text)
        return self._original.write(text)

    def flush(self) -> None:
        """Flush both."""
        own = getattr(self._own, "file", None)
        if own is not None:
            own.flush()
        self._original.flush()

    @contextmanager
    def copied_to(self, file: Writable) -> Iterator[None]:
        """Within this, what this thread writes is copied to `file`."""
        self._own.file = file
        try:
            yield
        finally:
            self._own.file = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


@contextmanager
def thread_streams() -> Iterator[tuple[ThreadStream, ThreadStream]]:
    """Put a `ThreadStream` in the place of `sys.stdout` and of `sys.stderr`."""
    before = sys.stdout, sys.stderr
    output, errors = ThreadStream(sys.stdout), ThreadStream(sys.stderr)
    sys.stdout, sys.stderr = output, errors
    try:
        yield output, errors
    finally:
        sys.stdout, sys.stderr = before
