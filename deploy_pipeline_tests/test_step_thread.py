"""An interruption reaches a step's own code, and nothing else."""

import logging
import sys
import threading
import time
from collections.abc import Callable

import pytest

from deploy_pipeline.step_thread import StepThread, current_step_thread, step_threads

SECONDS = 30.0


class Stopped(BaseException):
    """What is raised in the thread."""


def ended(thread: StepThread) -> None:
    assert thread.join(SECONDS)


def test_an_interruption_is_raised_in_the_step_s_own_code() -> None:
    seen: list[str] = []
    inside = threading.Event()

    def work() -> None:
        own = current_step_thread()
        assert own is not None
        try:
            with own.interruptible():
                inside.set()
                while True:
                    time.sleep(0.01)
        except Stopped:
            seen.append("stopped")

    thread = StepThread("step", work)
    thread.start()
    assert inside.wait(SECONDS)
    thread.interrupt(Stopped)
    ended(thread)
    assert seen == ["stopped"]


def test_an_interruption_waits_until_the_step_s_own_code_begins() -> None:
    seen: list[str] = []
    outside, go_on = threading.Event(), threading.Event()

    def work() -> None:
        own = current_step_thread()
        assert own is not None
        outside.set()
        assert go_on.wait(SECONDS)
        seen.extend(str(number) for number in range(1000))  # many chances to be cut in two
        try:
            with own.interruptible():
                while True:
                    time.sleep(0.01)
        except Stopped:
            seen.append("stopped")

    thread = StepThread("step", work)
    thread.start()
    assert outside.wait(SECONDS)
    thread.interrupt(Stopped)
    go_on.set()
    ended(thread)
    assert seen == [*(str(number) for number in range(1000)), "stopped"]


def test_there_is_one_interruption_and_no_second() -> None:
    cleaned: list[int] = []
    inside, cleaning, go_on = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        own = current_step_thread()
        assert own is not None
        with pytest.raises(Stopped), own.interruptible():
            try:
                inside.set()
                while True:
                    time.sleep(0.01)
            finally:
                cleaning.set()
                assert go_on.wait(SECONDS)
                cleaned.extend(range(1000))

    thread = StepThread("step", work)
    thread.start()
    assert inside.wait(SECONDS)
    thread.interrupt(Stopped)
    assert cleaning.wait(SECONDS)
    thread.interrupt(KeyboardInterrupt)
    go_on.set()
    ended(thread)
    assert len(cleaned) == 1000


def test_an_interruption_never_escapes_from_the_step_s_own_code() -> None:
    """Whenever it comes, it is raised inside, or never: a thousand threads that are just leaving."""
    escaped: list[int] = []

    def work_of(number: int) -> StepThread:
        def work() -> None:
            own = current_step_thread()
            assert own is not None
            try:
                with own.interruptible():
                    sum(range(50))
            except Stopped:
                pass
            try:
                for _ in range(200):
                    sum(range(10))
            except Stopped:
                escaped.append(number)

        return StepThread(f"step{number}", work)

    threads = [work_of(number) for number in range(1000)]
    for thread in threads:
        thread.start()
        thread.interrupt(Stopped)
    for thread in threads:
        ended(thread)
    assert escaped == []


def stopped(work: Callable[[], None], inside: threading.Event) -> bool:
    """Whether an interruption of this work arrives."""
    seen: list[bool] = []

    def run() -> None:
        own = current_step_thread()
        assert own is not None
        try:
            with own.interruptible():
                work()
        except Stopped:
            seen.append(True)

    thread = StepThread("step", run)
    thread.start()
    assert inside.wait(SECONDS)
    thread.interrupt(Stopped)
    for _ in range(600):
        if thread.join(0.05):
            break
        thread.repeat()
    return seen == [True]


@pytest.mark.parametrize("attempt", range(20))
def test_a_thread_that_is_started_meanwhile_is_not_interrupted(attempt: int) -> None:
    inside = threading.Event()

    def work() -> None:
        inside.set()
        while True:
            threading.Thread(target=int, daemon=True).start()

    with step_threads():
        assert stopped(work, inside)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_python_drops_comes_again() -> None:
    inside = threading.Event()

    class Slow:
        def __del__(self) -> None:
            inside.set()
            for _ in range(50):
                time.sleep(0.01)

    def work() -> None:
        Slow()
        while True:
            time.sleep(0.01)

    with step_threads():
        assert stopped(work, inside)


def test_what_tells_of_a_dropped_interruption_is_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, told = threading.Event(), list[object]()

    class Slow:
        def __del__(self) -> None:
            inside.set()
            for _ in range(50):
                time.sleep(0.01)

    def tell(dropped: "sys.UnraisableHookArgs") -> None:
        for _ in range(50):
            time.sleep(0.01)
        told.append(dropped.exc_type)

    def work() -> None:
        Slow()
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(sys, "unraisablehook", tell)
    with step_threads():
        assert stopped(work, inside)
    assert told == [Stopped]


def test_an_interruption_inside_of_a_condition_s_own_code_is_one() -> None:
    errors: list[BaseException] = []

    def work() -> None:
        own, waiting = current_step_thread(), threading.Condition()
        assert own is not None
        try:
            with own.interruptible():
                while True:
                    with waiting:
                        waiting.wait(0)  # nothing but the condition's own code
        except BaseException as error:  # noqa: BLE001  (the test says which it has to be)
            errors.append(error)

    threads = [StepThread("step", work) for _ in range(200)]
    for thread in threads:
        thread.start()
        thread.interrupt(Stopped)
        ended(thread)
    assert {type(error) for error in errors} == {Stopped}


def test_no_other_thread_has_a_step() -> None:
    assert current_step_thread() is None


def test_no_interruption_comes_while_a_handler_of_logs_is_locked() -> None:
    """All steps share it, and the run's own thread: left locked, it would stop them all."""
    entered, go_on, wrote = threading.Event(), threading.Event(), []

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            entered.set()
            go_on.wait(10)
            for _ in range(1000):
                pass
            wrote.append(record.getMessage())

    handler, ends = Slow(), list[str]()

    def work() -> None:
        own = current_step_thread()
        assert own is not None
        try:
            with own.interruptible():
                handler.handle(logging.LogRecord("a", logging.INFO, "f", 1, "said", (), None))
                time.sleep(1)
        except Stopped:
            ends.append("interrupted")

    with step_threads():
        thread = StepThread("step", work)
        thread.start()
        assert entered.wait(10)
        thread.interrupt(Stopped)
        go_on.set()
        ended(thread)
    assert (wrote, ends) == (["said"], ["interrupted"])
    assert handler.lock is not None
    assert handler.lock.acquire(blocking=False)
    assert logging.Handler.handle.__name__ == "handle"
