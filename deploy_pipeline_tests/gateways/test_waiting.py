"""Waiting never goes past its deadline."""

from deploy_pipeline.gateways.waiting import wait_until
from deploy_pipeline_tests.fakes.fake_clock import FakeClock


def test_wait_until_returns_the_first_answer() -> None:
    answers, clock = iter([None, None, "yes"]), FakeClock()
    assert wait_until(clock, lambda: next(answers), seconds=60, every=2) == "yes"
    assert clock.slept == [2, 2]


def test_wait_until_gives_up_at_the_deadline() -> None:
    clock = FakeClock()
    assert wait_until(clock, lambda: None, seconds=5, every=2) is None
    assert clock.slept == [2, 2, 1]


def test_wait_until_takes_an_answer_that_is_false_but_there() -> None:
    assert wait_until(FakeClock(), lambda: 0, seconds=5, every=2) == 0
