"""A run worker that is cancelled or killed: its steps clean up, and nothing outlives it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline_tests.executor_process import FOLDER

SECONDS = 180.0


@contextmanager
def worker(folder: Path, job: str, *files: str) -> Iterator[tuple["subprocess.Popen[bytes]", dg.DagsterInstance]]:
    """A run worker whose steps have made these files."""
    (folder / "dagster").mkdir()
    (folder / "dagster/dagster.yaml").write_text('{"telemetry": {"enabled": false}}')
    argv = [sys.executable, "-m", "deploy_pipeline_tests.executor_process", job]
    # Not measured: CPython 3.11 spins when it traces while an exception waits for a thread that is in a call into C.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment[FOLDER] = str(folder)
    process = subprocess.Popen(
        argv, env=environment, cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for file in files:
            wait_for(lambda file=file: (folder / file).exists() or None, SECONDS, f"no {file}")  # type: ignore[misc]
        with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
            yield process, instance
    finally:
        process.kill()
        process.wait()


def the_run(instance: dg.DagsterInstance) -> dg.DagsterRun:
    (run,) = instance.get_runs()
    return run


def alive(number: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_run_cleans_up_and_ends_cancelled(tmp_path: Path, number: signal.Signals) -> None:
    with worker(tmp_path, "waiting", "waits0", "number") as (process, instance):
        instance.report_run_canceling(the_run(instance))
        process.send_signal(number)
        assert process.wait(SECONDS) is not None
        assert the_run(instance).status == dg.DagsterRunStatus.CANCELED
    assert (tmp_path / "cleaned up").exists()
    assert (tmp_path / "asked").exists(), "the program was not asked to end"
    assert not alive(int((tmp_path / "number").read_text()))
    assert not (tmp_path / "waits1").exists(), "a cancelled step was tried again"
    assert not (tmp_path / "below").exists()


def test_a_worker_that_is_told_to_end_fails_its_run(tmp_path: Path) -> None:
    with worker(tmp_path, "waiting", "waits0", "number") as (process, instance):
        process.terminate()
        assert process.wait(SECONDS) is not None
        assert the_run(instance).status == dg.DagsterRunStatus.FAILURE
    assert (tmp_path / "cleaned up").exists()


def test_nothing_outlives_a_worker_that_is_killed(tmp_path: Path) -> None:
    with worker(tmp_path, "waiting", "number") as (process, _):
        program = int((tmp_path / "number").read_text())
        assert alive(program)
        process.kill()
        wait_for(lambda: None if alive(program) else True, SECONDS, "the program outlives its worker")
    assert (tmp_path / "asked").exists()


def test_a_step_that_cannot_be_interrupted_is_not_waited_for_after_the_grace(tmp_path: Path) -> None:
    with worker(tmp_path, "stuck", "waits0") as (process, instance):
        instance.report_run_canceling(the_run(instance))
        process.terminate()
        assert process.wait(SECONDS) is not None
        run = the_run(instance)
        assert run.status == dg.DagsterRunStatus.CANCELED
        said = [entry.user_message for entry in instance.all_logs(run.run_id)]
    assert any("Not waiting any longer for cannot_be_interrupted" in each for each in said)
    assert not (tmp_path / "below").exists()


def test_signals_that_arrive_while_a_run_waits_do_not_stop_it(tmp_path: Path) -> None:
    with worker(tmp_path, "signalled", "waited") as (process, instance):
        assert process.wait(SECONDS) == 0
        assert the_run(instance).status == dg.DagsterRunStatus.SUCCESS
