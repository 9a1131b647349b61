"""A lock between the processes of this machine. It is held by the open file: the kernel frees it when a holder dies."""

import fcntl
import os
from contextlib import AbstractContextManager
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock

POLL_SECONDS = 0.2


def file_lock(path: Path, clock: Clock, timeout: float) -> AbstractContextManager[object]:
    """Hold `path` alone, from this call to the end of the context that it gives.

    Raises DeployError (retryable) when another process, or another thread, held it for `timeout` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A file as the context: leaving it is one step of the interpreter, before which no interruption can come.
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)
    try:
        _acquire(file.fileno(), path, clock, timeout)
    except BaseException:
        file.close()
        raise
    return file


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
