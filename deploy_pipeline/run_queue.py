"""The run coordinator that dagster.yaml names: Dagster's queue, which wakes the daemon for each run that enters it."""

from pathlib import Path

import dagster as dg
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from deploy_pipeline.warm.bell import ring


class PromptRunCoordinator(QueuedRunCoordinator[dg.DagsterInstance]):
    """Dagster's own queue with its limits: the daemon alone takes runs from it, as ever, but without a wait before."""

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        """Enqueue the run."""
        run = super().submit_run(context)
        ring(Path(self._instance.root_directory))
        return run
