"""A launcher for runs that no process executes: what is to be stopped is stopped at once."""

import dagster as dg


class FakeRunLauncher(dg.DefaultRunLauncher):
    """Named in an instance's settings, beside the queue that the pipeline uses."""

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
