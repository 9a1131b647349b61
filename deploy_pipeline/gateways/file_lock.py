"""A lock between the processes of this machine. It is held by the open file: the kernel frees it when a holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock

POLL_SECONDS = 0.2


@contextmanager
def file_lock(path: Path, clock: Clock, timeout: float) -> Iterator[None]:
    """Hold `path` alone. Raises DeployError (retryable) when another process held it for `timeout` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, path, clock, timeout)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, clock: Clock, timeout: float) -> None:
    deadline = clock.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if clock.monotonic() >= deadline:
                raise _held(path, timeout) from error
            clock.sleep(POLL_SECONDS)
        else:
            return


def _held(path: Path, timeout: float) -> DeployError:
    what = f"another process held the lock for more than {timeout:g} s"
    return DeployError(what, where=str(path), todo="see which run works there; end it if it hangs", retryable=True)
