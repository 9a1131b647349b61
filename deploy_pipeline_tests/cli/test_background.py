"""Work beside the main thread."""

import threading
from concurrent.futures import CancelledError

import pytest

from deploy_pipeline.cli.background import Background


def fails() -> None:
    raise KeyError("x")


def test_results_and_errors_are_for_whoever_waits() -> None:
    background = Background(2)
    assert background.start(lambda: 5).result() == 5
    with pytest.raises(KeyError):
        background.start(fails).result()


def test_what_waits_for_another_takes_no_place() -> None:
    background, gate = Background(2), threading.Event()
    first = background.start(gate.wait)
    waiting = [background.start(first.result, after=first) for _ in range(3)]
    assert background.start(lambda: "beside it").result() == "beside it"
    gate.set()
    assert [each.result() for each in waiting] == [True] * 3


def test_once_stopped_nothing_begins_and_what_has_begun_goes_on() -> None:
    background, gate, begun = Background(1), threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return gate.wait()

    first = background.start(work)
    begun.wait()
    second = background.start(lambda: 2)
    background.stop()
    gate.set()
    assert first.result() is True
    with pytest.raises(CancelledError):
        second.result()
