"""The run launcher that dagster.yaml names: runs start in workers of the warm server, else as Dagster starts them."""

from pathlib import Path

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._serdes import serialize_value

from deploy_pipeline.warm.client import start_worker
from deploy_pipeline.warm.identity import Worker, lived_at, supported
from deploy_pipeline.warm.wire import NotWarm
from deploy_pipeline.warm.worker_tag import WORKER_TAG, process_named, worker_named

NOBODY = "none"
STARTED = "Started process for run"


class WarmRunLauncher(dg.DefaultRunLauncher):
    """Asks the warm server of the instance's folder for a worker. Where none answers, Dagster's code server starts it.

    A run's worker is known by a tag (its pid and start time): it can be interrupted from every process of this
    machine, and a run whose worker is gone is failed by run monitoring.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run's worker."""
        run = context.dagster_run
        try:
            self._launch_warm(run)
        except NotWarm as reason:
            self._instance.report_engine_event(f"Starting the run cold: {reason}", run, cls=type(self))
            super().launch_run(context)

    def _launch_warm(self, run: dg.DagsterRun) -> None:
        if not supported():
            raise NotWarm("this system has no /proc or no pidfds")

        kept = []

        def keep(worker: Worker) -> None:
            self._instance.add_run_tags(run.run_id, {WORKER_TAG: worker.text()})
            kept.append(worker)

        home = Path(self._instance.root_directory)
        try:
            start_worker(home, run.run_id, serialize_value(self._instance.get_ref()), keep)
        except NotWarm:
            if kept:  # it was never told to go
                self._instance.add_run_tags(run.run_id, {WORKER_TAG: NOBODY})
            raise
        self._run_ids.add(run.run_id)

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run's worker. False when the run has ended, or nothing of it runs."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        worker = worker_of(run)
        if worker is None:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        if worker.interrupt():
            return True
        self._instance.report_engine_event("The run's worker is gone: nothing to interrupt", run, cls=type(self))
        return False

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It does: run monitoring asks about every run that has started."""
        return supported()

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process lives. Of a run of which nobody said where it runs, that it does."""
        worker = worker_of(run)
        if worker is not None:
            return result(worker.alive, worker.pid)
        pid, seconds = self._process_of(run)
        if pid is None or GRPC_INFO_TAG not in run.tags:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "nobody said where it runs")
        return result(lived_at(pid, seconds), pid)

    def _process_of(self, run: dg.DagsterRun) -> tuple[int | None, float]:
        """The pid that a run's process has said, and when it said so (Unix time)."""
        for entry in self._instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            event = entry.dagster_event
            if event is not None and (event.message or "").startswith(STARTED):
                pid = event.engine_event_data.metadata["pid"].value
                return int(str(pid)), entry.timestamp
        return None, 0.0


def worker_of(run: dg.DagsterRun) -> Worker | None:
    """The process of a run, where a tag names it: a warm worker, or a command line that executes the run itself."""
    worker = worker_named(run.run_id, run.tags)
    if worker is not None or WORKER_TAG in run.tags or GRPC_INFO_TAG in run.tags:
        return worker
    return process_named(run.tags)


def result(alive: bool, pid: int) -> CheckRunHealthResult:
    """What run monitoring is told."""
    if alive:
        return CheckRunHealthResult(WorkerStatus.RUNNING)
    return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"the run's process {pid} is gone")
