"""Streams that are read in the background, and clean-up that is interrupted."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy_pipeline.gateways.interruptions import TemporaryFolder, awaited, finally_done, polled


class Interrupted(BaseException):
    """As what ends a step: no `Exception`."""


def test_items_come_in_their_order_and_an_error_after_them() -> None:
    def stream() -> Iterator[int]:
        yield from range(3000)
        raise ValueError("broken")

    seen: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        seen += polled(stream)
    assert seen == list(range(3000))
    assert list(polled(lambda: range(3000))) == list(range(3000))


def test_what_cannot_be_opened_is_an_error_here() -> None:
    def refuses() -> list[int]:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        next(polled(refuses))


def test_a_stream_that_is_left_ends_its_thread() -> None:
    threads: list[threading.Thread] = []

    def endless() -> Iterator[int]:
        threads.append(threading.current_thread())
        while True:
            yield 1

    stream = polled(endless)
    assert next(stream) == 1
    stream.close()  # type: ignore[attr-defined]  # a generator
    threads[0].join(60)
    assert not threads[0].is_alive()


def test_awaited_gives_the_answer_of_another_thread() -> None:
    assert awaited(threading.current_thread) != threading.current_thread()
    with pytest.raises(Interrupted):
        awaited(raising(Interrupted()))


def raising(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


def test_clean_up_that_is_interrupted_is_done_to_its_end() -> None:
    done: list[str] = []

    def clean_up() -> None:
        done.append("first half")
        if len(done) == 1:
            raise Interrupted
        done.append("second half")

    with pytest.raises(Interrupted), finally_done(clean_up):
        pass
    assert done == ["first half", "first half", "second half"]


def test_clean_up_that_fails_is_not_done_again() -> None:
    calls: list[int] = []

    def fails() -> None:
        calls.append(1)
        raise OSError

    with pytest.raises(OSError), finally_done(fails):
        pass
    assert calls == [1]


def test_a_folder_is_gone_though_its_removal_is_interrupted() -> None:
    removals: list[str] = []

    class Interrupting(TemporaryFolder):
        def cleanup(self) -> None:
            removals.append(self.name)
            if len(removals) == 1:
                raise Interrupted
            super().cleanup()

    with pytest.raises(Interrupted), Interrupting() as folder:
        (Path(folder) / "file").touch()
    assert not Path(folder).exists()
    assert removals == [folder, folder]
