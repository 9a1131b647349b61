"""Waiting and cleaning up while an interruption may come: it is raised in a step's thread once, between C calls."""

import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Generic, TypeVar

POLL_SECONDS = 0.25
ITEMS_WAITING = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


_local = threading.local()


def hold_by(hold: Callable[[], AbstractContextManager[None]]) -> None:
    """Say what `held_back` is in the calling thread, which may be interrupted."""
    _local.hold = hold


def held_back() -> AbstractContextManager[None]:
    """Within this, an interruption of the calling thread waits. For what is short and must not be cut in two."""
    hold: Callable[[], AbstractContextManager[None]] = getattr(_local, "hold", nullcontext)
    return hold()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT and SIGTERM do nothing meanwhile: for what has to come to its own end.

    In a thread that is not the main one, which gets neither, no change.
    """
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


def begin(thread: threading.Thread) -> None:
    """Start a thread. An interruption meanwhile would end the new thread, and leave this one waiting for it for ever:

    until it runs, Python takes it for the one that starts it.
    """
    with held_back():
        thread.start()


def polled(open_stream: Callable[[], Iterable[T]]) -> Iterator[T]:
    """The items of a stream that may be silent for long. What opening or reading it raises is raised here.

    Another thread does both. It goes on until the stream ends: whoever gives up before has to see to that.
    """
    said: queue.Queue[_Item[T] | _End] = queue.Queue(ITEMS_WAITING)
    abandoned = threading.Event()
    try:
        begin(threading.Thread(target=_read, args=(open_stream, said, abandoned), daemon=True))
        while True:
            with suppress(queue.Empty):
                match said.get(timeout=POLL_SECONDS):
                    case _Item(value):
                        yield value
                    case _End(error):
                        if error is not None:
                            raise error
                        return
    finally:
        abandoned.set()


def awaited(call: Callable[[], T]) -> T:
    """What a call answers that may take long. One that nobody waits for any more goes on to its own time-out."""
    (answer,) = polled(lambda: (call() for _ in range(1)))
    return answer


def _read(
    open_stream: Callable[[], Iterable[T]], said: "queue.Queue[_Item[T] | _End]", abandoned: threading.Event
) -> None:
    end = _End()
    try:
        for item in open_stream():
            if not _put(said, _Item(item), abandoned):
                return
    except BaseException as error:  # noqa: BLE001  (raised again where the stream is read)
        end = _End(error)
    _put(said, end, abandoned)


def _put(said: "queue.Queue[_Item[T] | _End]", item: _Item[T] | _End, abandoned: threading.Event) -> bool:
    while not abandoned.is_set():
        with suppress(queue.Full):
            said.put(item, timeout=POLL_SECONDS)
            return True
    return False


def to_the_end(clean_up: Callable[[], None]) -> None:
    """Clean up, and do it once more where an interruption came in the middle: to do it twice must do no harm."""
    try:
        clean_up()
    except Exception:
        raise
    except BaseException:  # there is no second interruption
        clean_up()
        raise


@contextmanager
def finally_done(clean_up: Callable[[], None]) -> Iterator[None]:
    """Clean up to the end when the context ends, however it ends."""
    try:
        yield
    finally:
        to_the_end(clean_up)


class TemporaryFolder(TemporaryDirectory[str]):
    """A temporary directory that is gone after its context even when an interruption comes while it is removed."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        to_the_end(self.cleanup)
