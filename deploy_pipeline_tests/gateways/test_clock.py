"""The machine's clock."""

import time

import pytest

from deploy_pipeline.gateways.clock import LONGEST_NAP_SECONDS, SystemClock


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
