"""What run monitoring hears of runs that the launcher did not start, or of which it knows another process."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.test_utils import create_run_for_test

from deploy_pipeline.launcher import STARTED, WarmRunLauncher, worker_of
from deploy_pipeline.warm.identity import Worker
from deploy_pipeline.warm.worker_tag import PROCESS_TAG, WORKER_TAG, here

SETTINGS = """
run_launcher: {module: deploy_pipeline.launcher, class: WarmRunLauncher}
telemetry: {enabled: false}
"""
NO_PROCESS = 2**22 + 1  # above what Linux gives
COLD = {GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": "/nowhere"})}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").write_text(SETTINGS)
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        assert isinstance(made.run_launcher, WarmRunLauncher)
        yield made


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    return instance.run_launcher.check_run_worker_health(run).status


def began(instance: dg.DagsterInstance, run: dg.DagsterRun, pid: int) -> None:
    """As the run's process says it."""
    instance.report_engine_event(f"{STARTED} (pid: {pid}).", run, EngineEventData.in_process(pid))


def test_a_run_of_somebody_else_is_left_alone(instance: dg.DagsterInstance) -> None:
    run = create_run_for_test(instance)
    began(instance, run, NO_PROCESS)
    assert health(instance, run) is WorkerStatus.RUNNING


def test_a_cold_run_lives_as_long_as_the_process_that_has_said_so(instance: dg.DagsterInstance) -> None:
    lives, gone, unsaid = (create_run_for_test(instance, tags=COLD) for _ in range(3))
    began(instance, lives, os.getpid())
    began(instance, gone, NO_PROCESS)
    assert health(instance, lives) is WorkerStatus.RUNNING
    assert health(instance, gone) is WorkerStatus.NOT_FOUND
    assert health(instance, unsaid) is WorkerStatus.RUNNING


def test_a_run_of_a_command_line_lives_as_long_as_its_process(instance: dg.DagsterInstance) -> None:
    lives = create_run_for_test(instance, tags=here())
    assert health(instance, lives) is WorkerStatus.RUNNING
    gone = Worker("", NO_PROCESS, 1, Worker.here("").boot)
    killed = create_run_for_test(instance, tags={PROCESS_TAG: gone.text()})
    assert health(instance, killed) is WorkerStatus.NOT_FOUND
    assert not instance.run_launcher.terminate(killed.run_id)


def test_a_command_lines_process_is_not_that_of_a_launched_run_which_repeats_its_run(
    instance: dg.DagsterInstance,
) -> None:
    repeated = create_run_for_test(instance, tags=here() | COLD)
    assert worker_of(repeated) is None


def test_the_tag_of_the_run_that_is_repeated_does_not_count(instance: dg.DagsterInstance) -> None:
    here = Worker.here("the first run")
    repeated = create_run_for_test(instance, tags={WORKER_TAG: here.text()})
    assert worker_of(repeated) is None
    assert not instance.run_launcher.terminate(repeated.run_id)  # else this process would have been interrupted


def test_a_warm_run_of_another_boot_is_gone(instance: dg.DagsterInstance) -> None:
    run = create_run_for_test(instance)
    worker = Worker(run.run_id, os.getpid(), 1, "an earlier boot")
    instance.add_run_tags(run.run_id, {WORKER_TAG: worker.text()})
    tagged = instance.get_run_by_id(run.run_id)
    assert tagged is not None
    assert health(instance, tagged) is WorkerStatus.NOT_FOUND
    assert not instance.run_launcher.terminate(run.run_id)
