"""What the tests of interruptions share: code that runs as a step's own, and is interrupted at some moment."""

import threading
import time
from collections.abc import Callable

from deploy_pipeline.step_thread import StepThread

PATIENCE = 120.0
"""Seconds after which nobody believes any more that something still happens."""


class Interrupted(BaseException):
    """As what ends a step of a cancelled run: no `Exception`."""


class Step:
    """Runs `work` as a step does. `error` is what ended it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._thread = StepThread("step", self._run)
        self.error: BaseException | None = None
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._thread.interruptible():
                self._work()
        except BaseException as error:  # noqa: BLE001  (whatever it is: the test says which)
            self.error = error

    def interrupt(self) -> None:
        self._thread.interrupt(Interrupted)

    def ends(self) -> bool:
        return self._thread.join(PATIENCE)


def interrupted(work: Callable[[threading.Event], object]) -> None:
    """Interrupt `work` once it has set its event, and see that it ends by that."""
    begun = threading.Event()
    step = Step(lambda: work(begun))
    assert begun.wait(PATIENCE)
    step.interrupt()
    assert step.ends()
    assert isinstance(step.error, Interrupted), step.error


def becomes(condition: Callable[[], bool]) -> bool:
    """Whether something of another process happens."""
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)  # neither the kernel nor the engine tells
    return condition()
