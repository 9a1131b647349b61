"""A launcher for runs that no process executes: what is to be stopped is stopped at once."""

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

GONE = "test/gone"


class FakeRunLauncher(dg.DefaultRunLauncher):
    """Named in an instance's settings, beside the queue that the pipeline uses. The tag `GONE`: its process is dead."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND if GONE in run.tags else WorkerStatus.RUNNING)

    def terminate(self, run_id: str) -> bool:
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceled(run)
        return True


def instance_without_processes(folder: str) -> dg.DagsterInstance:
    """An instance with the pipeline's queue, whose runs stand as the test says."""
    module = "deploy_pipeline_tests.fakes.fake_run_launcher"
    return dg.DagsterInstance.local_temp(
        folder,
        overrides={
            "run_coordinator": {"module": "dagster", "class": "QueuedRunCoordinator"},
            "run_launcher": {"module": module, "class": "FakeRunLauncher"},
        },
    )
