"""The lock between processes."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline_tests.fakes.fake_clock import FakeClock


def test_file_lock_gives_up_when_another_holds_it(tmp_path: Path) -> None:
    clock = FakeClock()
    refused = pytest.raises(DeployError, match="for more than 5 s")
    with file_lock(tmp_path / "x.lock", clock, 5), refused as caught, file_lock(tmp_path / "x.lock", clock, 5):
        pass
    assert caught.value.retryable
    with file_lock(tmp_path / "x.lock", clock, 0):
        assert clock.monotonic() >= 5
