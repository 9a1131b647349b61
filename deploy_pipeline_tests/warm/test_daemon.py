"""The queue that can be woken, over a real instance: what starts is decided by Dagster's own limits."""

from collections.abc import Iterator
from logging import getLogger
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.test_utils import create_run_for_test
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from deploy_pipeline.run_queue import PromptRunCoordinator
from deploy_pipeline.warm.daemon import WokenQueueDaemon, daemons_of

HOUR = 3600.0
ONE = {"deploy-target": "live"}
SETTINGS = """
run_coordinator:
  module: deploy_pipeline.run_queue
  class: PromptRunCoordinator
  config:
    dequeue_interval_seconds: 1
    tag_concurrency_limits: [{key: deploy-target, limit: 1}]
run_launcher: {module: dagster._core.test_utils, class: MockedRunLauncher}
telemetry: {enabled: false}
"""


@dg.job
def nothing() -> None:
    pass


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").write_text(SETTINGS)
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        yield made


@pytest.fixture
def workspace(instance: dg.DagsterInstance) -> Iterator[WorkspaceProcessContext]:
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as made:
        yield made


def submitted(instance: dg.DagsterInstance, workspace: WorkspaceProcessContext, **tags: str) -> str:
    """A run that has entered the queue."""
    origin = RegisteredCodeLocationOrigin("nowhere")
    run = create_run_for_test(
        instance,
        job_name="nothing",
        tags=tags,
        remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(origin, "none"), "nothing"),
        job_code_origin=dg.reconstructable(nothing).get_python_origin(),
    )
    context = SubmitRunContext(run, workspace.create_request_context())
    assert isinstance(instance.run_coordinator, PromptRunCoordinator)
    return instance.run_coordinator.submit_run(context).run_id


def statuses(instance: dg.DagsterInstance) -> list[str]:
    """From the oldest run to the newest."""
    return [run.status.value for run in instance.get_runs(ascending=True)]


def test_a_run_that_enters_the_queue_is_looked_at_without_a_wait(
    instance: dg.DagsterInstance, workspace: WorkspaceProcessContext, tmp_path: Path
) -> None:
    daemon = WokenQueueDaemon(tmp_path, HOUR)
    submitted(instance, workspace)
    list(daemon.run_iteration(workspace))  # would take an hour without the ring
    assert statuses(instance) == ["STARTING"]


def test_one_run_at_a_time_however_often_it_is_woken(
    instance: dg.DagsterInstance, workspace: WorkspaceProcessContext, tmp_path: Path
) -> None:
    daemon = WokenQueueDaemon(tmp_path, 0.01)
    runs = [submitted(instance, workspace, **ONE) for _ in range(3)]
    for started, run_id in enumerate(runs, 1):
        for _ in range(3):
            list(daemon.run_iteration(workspace))
        assert statuses(instance).count("STARTING") == 1
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status is dg.DagsterRunStatus.STARTING
        instance.report_run_failed(run)
        assert statuses(instance).count("FAILURE") == started


def test_only_the_queue_differs_from_dagsters_daemon(instance: dg.DagsterInstance) -> None:
    daemons = daemons_of(instance)
    assert sorted(daemon.daemon_type() for daemon in daemons) == sorted(instance.get_required_daemon_types())
    own = [type(daemon) for daemon in daemons if type(daemon).__module__.startswith("deploy_pipeline")]
    assert own == [WokenQueueDaemon]
    assert issubclass(WokenQueueDaemon, QueuedRunCoordinatorDaemon)
    assert getLogger("dagster.daemon.WokenQueueDaemon") in [daemon._logger for daemon in daemons]
