"""Clean-up that an impatient Ctrl-C does not cut short. What a first Ctrl-C means is `main`'s."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT and SIGTERM do nothing meanwhile. In a thread that is not the main one, which gets neither, no change."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, go_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def go_on(number: int, frame: object) -> None:
    """A handler that does nothing; SIG_IGN would be handed on to programs that are started meanwhile."""
