"""Work beside the main thread, a few pieces at once. It never keeps the command from ending."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Pieces of work, `at_once` of them at the same time.

    Not a `ThreadPoolExecutor`: at its end Python waits for each of its threads, however long they take.
    """

    def __init__(self, at_once: int) -> None:
        self._slots = threading.Semaphore(at_once)
        self._stopped = threading.Event()

    def start(self, work: Callable[[], T], after: "Future[Any] | None" = None) -> "Future[T]":
        """Do it as soon as there is room, and `after` is done; the future has its result, or what it raised."""
        future: Future[T] = Future()
        threading.Thread(target=self._do, args=(work, future, after), daemon=True).start()
        return future

    def stop(self) -> None:
        """Begin nothing any more. What has begun goes on; the rest is cancelled."""
        self._stopped.set()

    def _do(self, work: Callable[[], T], future: "Future[T]", after: "Future[Any] | None") -> None:
        wait([after] if after else [])
        with self._slots:
            try:
                if self._stopped.is_set():
                    raise CancelledError
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - for whoever waits for it
                future.set_exception(error)
