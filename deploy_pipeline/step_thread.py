"""A thread that runs one step and can be interrupted, but only while it is in the step's own code."""

import contextvars
import ctypes
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from deploy_pipeline.gateways.interruptions import hold_by

LOCKS_SAY: Final = frozenset({"release unlocked lock", "cannot release un-acquired lock"})
"""What becomes of an interruption that comes inside of Python's own code of a condition, which queues wait with."""


class StepThread:
    """Runs `work` in a thread. An interruption is an exception that is raised in that thread, once at most.

    Python raises it between two of its own instructions: a call into C (a sleep, a read from a socket) ends first.
    Whatever waits long has to wait in short pieces, as `SystemClock.sleep` and `Child.pump` do. It is held back while
    the thread is outside of `interruptible()`, so that what the engine writes there is never cut in two.
    """

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run, work), name=name, daemon=True)
        self._lock = threading.RLock()  # what Python drops may be told of while the thread has it
        self._inside = 0
        self._wanted: type[BaseException] | None = None
        self._sent = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def interrupt(self, error: type[BaseException]) -> None:
        """Raise `error` in the thread as soon as it is in the step's own code. A second call does nothing."""
        with self._lock:
            if self._wanted is None:
                self._wanted = error
                self._send()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """The step's own code: here an interruption is raised."""
        outer = self._inside
        self._enter(outer + 1)
        try:
            yield
        except RuntimeError as error:
            if self._wanted is not None and str(error) in LOCKS_SAY:
                raise self._wanted from error
            raise
        finally:
            try:
                self._enter(outer)
            except BaseException:  # the interruption came while it was being shut out; there is no second one
                self._enter(outer)
                raise

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Within this an interruption waits: for what must not be cut in two."""
        outer = self._inside
        self._enter(0)
        try:
            yield
        finally:
            self._enter(outer)

    def repeat(self) -> None:
        """Send an interruption again that Python has dropped. To be called now and then while the thread is awaited."""
        with self._lock:
            self._send()

    def tell(self, hook: Callable[["sys.UnraisableHookArgs"], object], dropped: "sys.UnraisableHookArgs") -> None:
        """Call `hook`, of which Python drops every exception, too: nothing is sent before it has ended.

        An interruption that Python has dropped, as it can only print what `__del__` raises, is due again after it.
        """
        with self._lock:
            inside, self._inside = self._inside, 0
        try:
            hook(dropped)
        finally:
            if dropped.exc_type is self._wanted:
                self._sent = False
            self._inside = inside  # the very last: from here on it may be sent, by `repeat`

    def _enter(self, depth: int) -> None:
        with self._lock:
            self._inside = depth
            self._send()

    def _send(self) -> None:
        if self._wanted is None or self._sent or not self._inside or not self._thread.ident:
            return
        self._sent = True
        _raise_in(self._thread.ident, self._wanted)

    def _run(self, work: Callable[[], None]) -> None:
        _local.current = self
        hold_by(self.held_back)
        work()


_local = threading.local()


def current_step_thread() -> StepThread | None:
    """The step's thread that calls this; None in every other thread."""
    return getattr(_local, "current", None)


@contextmanager
def step_threads() -> Iterator[None]:
    """To be entered where step threads run: no interruption is lost, or hits a thread that a step starts."""
    start, hook, handle = threading.Thread.start, sys.unraisablehook, logging.Handler.handle

    def start_held_back(thread: threading.Thread) -> None:
        # Until a new thread runs, Python takes it for the one that starts it: it would be the one that is interrupted.
        own = current_step_thread()
        if own is None:
            start(thread)
            return
        with own.held_back():
            start(thread)

    def handle_held_back(handler: logging.Handler, record: logging.LogRecord) -> bool:
        # An interruption between the lock of a handler, which all steps share, and its use would leave it locked.
        own = current_step_thread()
        with own.held_back() if own else nullcontext():
            return bool(handle(handler, record))

    def note(dropped: "sys.UnraisableHookArgs") -> None:
        own = current_step_thread()
        if own is None:
            hook(dropped)
        else:
            own.tell(hook, dropped)

    threading.Thread.start = start_held_back  # type: ignore[assignment, method-assign]
    sys.unraisablehook = note
    logging.Handler.handle = handle_held_back  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]
        sys.unraisablehook = hook
        logging.Handler.handle = handle  # type: ignore[method-assign]


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
