"""`python -m deploy_pipeline.warm.daemon -w FILE`: Dagster's daemon, whose queue can be woken.

Nothing else differs from `dagster-daemon run`: the queue's own code decides which runs may start, one look after the
other, in its one thread.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.controller import create_daemons_from_instance, daemon_controller_from_instance
from dagster._daemon.daemon import DaemonIterator, DagsterDaemon
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._utils.interrupts import capture_interrupts, setup_interrupt_handlers

from deploy_pipeline.warm.bell import Bell


class WokenQueueDaemon(QueuedRunCoordinatorDaemon):
    """Looks at the queue when the bell rings, and every `every` seconds."""

    def __init__(self, home: Path, every: float) -> None:
        super().__init__(interval_seconds=0)  # the wait is here
        self._every = every
        self._bell = Bell(home)

    def run_iteration(
        self, workspace_process_context: IWorkspaceProcessContext[Any], fixed_iteration_time: float | None = None
    ) -> DaemonIterator:
        """Wait, then one look as Dagster's daemon does it."""
        self._bell.wait(self._every)
        yield from super().run_iteration(workspace_process_context, fixed_iteration_time)


def daemons_of(instance: dg.DagsterInstance) -> Sequence[DagsterDaemon[Any]]:
    """Dagster's daemons for an instance, with the one of the queue replaced."""
    return list(replaced(create_daemons_from_instance(instance), Path(instance.root_directory)))


def replaced(daemons: Sequence[DagsterDaemon[Any]], home: Path) -> Iterator[DagsterDaemon[Any]]:
    """The daemons, with the one of the queue replaced."""
    for daemon in daemons:
        yield WokenQueueDaemon(home, daemon.interval_seconds) if type(daemon) is QueuedRunCoordinatorDaemon else daemon


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="deploy_pipeline.warm.daemon", description=__doc__)
    parser.add_argument("-w", "--workspace", required=True, help="the workspace file")
    target = WorkspaceFileTarget(paths=[parser.parse_args().workspace])
    setup_interrupt_handlers()
    try:
        with (
            capture_interrupts(),
            dg.DagsterInstance.get() as instance,
            daemon_controller_from_instance(instance, target, gen_daemons=daemons_of) as controller,
        ):
            controller.check_daemon_loop()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
