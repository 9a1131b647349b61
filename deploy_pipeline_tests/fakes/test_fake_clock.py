"""The fake clock."""

from datetime import timedelta

from deploy_pipeline_tests.fakes.fake_clock import START, FakeClock


def test_clock_goes_forward_only_when_something_sleeps() -> None:
    clock = FakeClock()
    assert (clock.now(), clock.now(), clock.monotonic()) == (START, START, 0)
    clock.sleep(90)
    clock.sleep(0.5)
    assert (clock.now(), clock.monotonic(), clock.slept) == (START + timedelta(seconds=90.5), 90.5, [90, 0.5])
