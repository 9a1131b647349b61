"""Detached processes: real ones, short-lived. No process but those started here is touched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.sandbox.processes import (
    ProcessRecord,
    in_session_of,
    is_running,
    marked,
    start_detached,
    started_at,
    stop,
)

WAIT = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()",
]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys; print('up', flush=True); "
    "subprocess.run([sys.executable, '-c', 'import signal; print(1, flush=True); signal.pause()'])",
]


@pytest.fixture
def marker() -> str:
    return f"DEPLOY_PIPELINE_TEST={os.getpid()}-{os.urandom(4).hex()}"


@pytest.fixture
def env(marker: str) -> Iterator[dict[str, str]]:
    """An environment that carries the marker; whatever a test leaves running with it is ended."""
    name, _, value = marker.partition("=")
    yield {"PATH": os.defpath, name: value}
    stop(marked(marker), SystemClock(), seconds=0)


def wait_for_output(log: Path, count: int = 1) -> None:
    clock = SystemClock()
    while not log.exists() or len(log.read_text().splitlines()) < count:
        clock.sleep(0.02)


def test_start_detached_runs_in_a_session_of_its_own_with_only_the_given_environment(
    tmp_path: Path, env: dict[str, str], marker: str
) -> None:
    record = start_detached(WAIT, env, tmp_path / "logs" / "own.log")

    assert is_running(record)
    assert os.getsid(record.pid) == record.pid
    assert set(marked(marker)) == {record}
    assert os.environ.get("HOME", "/") not in Path(f"/proc/{record.pid}/environ").read_text().split("\0")


def test_log_can_be_read_by_its_owner_only(tmp_path: Path, env: dict[str, str]) -> None:
    start_detached([sys.executable, "-c", "print('said')"], env, tmp_path / "own.log")

    wait_for_output(tmp_path / "own.log")

    assert (tmp_path / "own.log").stat().st_mode & 0o777 == 0o600


def test_stop_ends_the_process_and_leaves_no_zombie(tmp_path: Path, env: dict[str, str]) -> None:
    record = start_detached(WAIT, env, tmp_path / "own.log")

    stop([record], SystemClock())

    assert not is_running(record)
    assert not Path(f"/proc/{record.pid}").exists()


def test_stop_kills_a_process_that_ignores_the_request(tmp_path: Path, env: dict[str, str]) -> None:
    record = start_detached(STUBBORN, env, tmp_path / "own.log")
    wait_for_output(tmp_path / "own.log")

    stop([record], SystemClock(), seconds=0.1)

    assert not is_running(record)


def test_stop_leaves_a_process_alone_that_was_given_the_pid_later() -> None:
    with subprocess.Popen(WAIT) as other:
        start = started_at(other.pid)
        assert start is not None

        stop([ProcessRecord(pid=other.pid, started=start - 1)], SystemClock(), seconds=0)

        assert other.poll() is None
        other.kill()


def test_marked_finds_children_too_and_in_session_of_tells_whose_they_are(
    tmp_path: Path, env: dict[str, str], marker: str
) -> None:
    parent = start_detached(PARENT, env, tmp_path / "parent.log")
    other = start_detached(WAIT, env, tmp_path / "other.log")
    wait_for_output(tmp_path / "parent.log", 2)

    found = marked(marker)

    assert len(found) == 3
    assert sum(in_session_of(record, [parent]) for record in found) == 2
    assert [record for record in found if in_session_of(record, [other])] == [other]


def test_started_at_is_none_for_a_pid_that_nobody_has() -> None:
    assert started_at(2**22 + 1) is None
