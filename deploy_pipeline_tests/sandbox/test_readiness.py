"""Waiting for a server: over a fake clock."""

from itertools import chain, repeat
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.readiness import last_lines, wait_until_ready
from deploy_pipeline_tests.fakes.fake_clock import FakeClock


def test_wait_until_ready_asks_until_there_is_an_answer(tmp_path: Path) -> None:
    clock, answers = FakeClock(), chain([False, False], repeat(True))

    wait_until_ready("it", lambda: next(answers), lambda: True, tmp_path / "log", clock, seconds=60, every=0.5)

    assert clock.slept == [0.5, 0.5]


def test_wait_until_ready_shows_the_log_of_a_server_that_died(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("".join(f"line {number}\n" for number in range(30)))

    with pytest.raises(DeployError) as raised:
        wait_until_ready("it", lambda: False, lambda: False, tmp_path / "log", FakeClock(), seconds=60)

    assert raised.value.what.startswith("it ended at once\nline 15\n")
    assert raised.value.what.endswith("line 29")
    assert raised.value.todo == f"read {tmp_path / 'log'}"


def test_wait_until_ready_gives_up_after_the_deadline(tmp_path: Path) -> None:
    clock = FakeClock()

    with pytest.raises(DeployError, match="it does not answer after 60 s"):
        wait_until_ready("it", lambda: False, lambda: True, tmp_path / "log", clock, seconds=60, every=7)

    assert 60 <= sum(clock.slept) < 67


def test_last_lines_of_no_log_are_empty(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none") == ""
