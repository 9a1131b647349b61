"""One running program: its output as it comes, its time-out, and its end with everything that it started."""

import contextlib
import ctypes
import fcntl
import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO

from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.interruptions import held_back, to_the_end

CHUNK = 64 * 1024
POLL_SECONDS = 0.1
EXIT_POLL_SECONDS = 0.005
PR_SET_PDEATHSIG = 1
ORPHANED = 130
PIPE_BYTES = 1024 * 1024
"""What a program may still say after we have died, before its writing waits for ever. Linux gives no more to users."""
# PyDLL keeps the interpreter's lock: between fork and exec there is no other thread to hand it to.
_LIBC = ctypes.PyDLL(None)


def prepare_child(parent: int) -> None:
    """Between fork and exec: be interrupted when the thread that started us dies, even by SIGKILL, and end at once when

    its process (a pid) has died already.

    SIGINT gets its default action back because a parent in the background of a shell may have it ignored. Our outputs
    become ends to write and to read: Terraform would die of its next word into a pipe that nobody reads, before it
    has saved in its state what it made.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(ORPHANED)
        for number in (1, 2):
            os.dup2(os.open(f"/proc/self/fd/{number}", os.O_RDWR), number)


def start_program(
    argv: Sequence[str], cwd: str | Path | None, env: Mapping[str, str] | None, stdin: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, with its outputs in pipes. An interruption meanwhile ends it."""
    popen = None
    try:
        # Between fork and exec Python runs code that must not be cut in two: it takes and frees locks.
        with held_back():
            popen = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                preexec_fn=partial(prepare_child, os.getpid()),  # noqa: PLW1509  (a few system calls, no locks)
            )
            for stream in (popen.stdout, popen.stderr):
                _widen(stream)
    except BaseException:
        if popen is not None:
            popen.kill()
            popen.wait()
        raise
    return popen


def _widen(pipe: IO[bytes] | None) -> None:
    # Refused where the user has many pipes: then it keeps its 64 KiB.
    with contextlib.suppress(OSError):
        if pipe is not None and sys.platform == "linux":
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


class Output:
    """One stream of a program: the last `limit` bytes of it, and its lines for whoever listens."""

    def __init__(self, on_line: Callable[[str], None] | None, limit: int) -> None:
        self._on_line = on_line
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self._unfinished = b""
        self.overflowed = False

    def feed(self, data: bytes) -> None:
        """Take what was read; nothing means the end of the stream."""
        self._keep(data)
        if self._on_line is None:
            return
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        if self._unfinished and (not data or len(self._unfinished) > CHUNK):
            lines, self._unfinished = [*lines, self._unfinished], b""
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))

    def _keep(self, data: bytes) -> None:
        self._chunks.append(data)
        self._kept += len(data)
        while self._kept > self._limit:
            self.overflowed = True
            self._kept -= len(self._chunks.popleft())

    def mute(self) -> None:
        """Keep what comes, but hand over no more lines: whoever listened is gone."""
        self._on_line = None

    @property
    def text(self) -> str:
        """What was kept, decoded."""
        return b"".join(self._chunks).decode(errors="replace")


class Child:
    """A started program. As a context it leaves nothing of the program's process group running."""

    def __init__(self, popen: subprocess.Popen[bytes], clock: Clock, output: Output, errors: Output) -> None:
        self._popen = popen
        self._clock = clock
        self._is_interrupted = False
        self._selector = selectors.DefaultSelector()
        for stream, sink in ((popen.stdout, output), (popen.stderr, errors)):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._selector.register(stream, selectors.EVENT_READ, sink)

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        to_the_end(self._end)

    def pump(self, timeout: float, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Read output until the program ends. False when `timeout` seconds passed, or `stopped()`, before that."""
        deadline = self._clock.monotonic() + timeout
        while not self._exited():
            if self._clock.monotonic() >= deadline or stopped():
                return False
            self._read(POLL_SECONDS if self._selector.get_map() else EXIT_POLL_SECONDS)
        return True

    def interrupt(self, grace: float) -> None:
        """Ask the program to end, and give it `grace` seconds for that: Terraform writes its state then.

        It is asked once, however often this is called: a second time would have Terraform leave without that.
        """
        if not self._is_interrupted:
            self._is_interrupted = True
            self._signal(signal.SIGINT)
        self.pump(grace)

    def _exited(self) -> bool:
        # WNOWAIT: while the program is not reaped, no other process group can get its number.
        try:
            return os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def _read(self, seconds: float) -> bool:
        """Hand over what the streams have. False when they had nothing."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            data = os.read(key.fd, CHUNK)
            if not data:
                self._selector.unregister(key.fileobj)
            key.data.feed(data)
        return bool(ready)

    def _signal(self, number: signal.Signals) -> None:
        # PermissionError is macOS's answer for a group that has only ended processes.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)

    def _end(self) -> None:
        if self._popen.returncode is None:  # later, another group can have its number
            self._signal(signal.SIGKILL)
        self._popen.wait()
        try:
            while self._selector.get_map() and self._read(0):
                pass
        finally:
            self._close()

    def _close(self) -> None:
        self._selector.close()
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()
