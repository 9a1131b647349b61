"""Who has to remove a box: a process, known by a lock that the kernel frees when it dies. Removing is the caller's."""

import threading
import uuid
from contextlib import ExitStack
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.file_lock import file_lock

LOCK_SECONDS = 10.0


class BoxOwner:
    """This process, as far as boxes are concerned.

    Not its number: that means nothing in another container that uses the same engine, and comes back after a while.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._name = uuid.uuid4().hex
        self._held = ExitStack()
        self._label = ""
        self._labelling = threading.Lock()

    @property
    def label(self) -> str:
        """`<folder's id>/<owner's name>`, for boxes of this process. It lives until the process ends."""
        folder = self.folder_id()
        with self._labelling:  # another thread would wait for a lock that this process keeps
            if not self._label:
                self._held.enter_context(file_lock(self._lock(self._name), self._clock, LOCK_SECONDS))
                self._label = f"{folder}/{self._name}"
        return self._label

    def is_dead(self, label: str) -> bool:
        """Whether a label's process is gone. False for one of another folder: nothing is known about that."""
        folder, _, name = label.partition("/")
        if folder != self.folder_id() or not name.isalnum() or name == self._name:
            return False
        if not self._lock(name).exists():
            return True
        try:
            with file_lock(self._lock(name), self._clock, 0):
                return True
        except DeployError:
            return False

    def forget(self, label: str) -> None:
        """Drop what is kept of a dead owner, once nothing of it is left."""
        self._lock(label.partition("/")[2]).unlink(missing_ok=True)

    def close(self) -> None:
        """Be dead, for the other processes."""
        self._held.close()
        self._lock(self._name).unlink(missing_ok=True)
        self._label = ""

    def _lock(self, name: str) -> Path:
        return self._folder / f"{name}.lock"

    def folder_id(self) -> str:
        """A name of the folder that no other one has, whatever its path is in another container."""
        file = self._folder / "id"
        if not file.exists():
            with file_lock(self._folder / "id.lock", self._clock, LOCK_SECONDS):
                if not file.exists():
                    # Whole or not at all: others look without the lock.
                    (self._folder / "id.new").write_text(uuid.uuid4().hex)
                    (self._folder / "id.new").replace(file)
        return file.read_text()
