"""The machine's clock."""

import time
from datetime import UTC, datetime

import pytest

from deploy_pipeline.gateways.clock import LONGEST_NAP_SECONDS, FastClock, SystemClock


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.1, 0.6])
def test_a_sleep_is_made_of_short_naps(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    naps: list[float] = []
    sleep = time.sleep

    def nap(wanted: float) -> None:
        naps.append(wanted)
        sleep(wanted)

    monkeypatch.setattr(time, "sleep", nap)
    began = time.monotonic()
    SystemClock().sleep(seconds)
    assert time.monotonic() - began >= seconds
    assert all(0 < length <= LONGEST_NAP_SECONDS for length in naps)


def test_what_happens_every_few_seconds_happens_as_often_by_a_fast_clock() -> None:
    assert SystemClock().during(5.0) == 5.0
    assert FastClock(60.0, datetime(2026, 1, 15, tzinfo=UTC)).during(5.0) == 300.0
