"""A run's worker, from the fork to its end: what `dagster api execute_run` does, without its imports."""

import signal
import socket
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._cli.api import _execute_run_command_body
from dagster._core.instance import InstanceRef
from dagster._serdes import deserialize_value
from dagster._utils.interrupts import capture_interrupts

from deploy_pipeline.warm.bell import ring
from deploy_pipeline.warm.identity import Worker
from deploy_pipeline.warm.wire import send, told_to_go
from deploy_pipeline.warm.worker_tag import worker_named


def execute(connection: socket.socket, request: dict[str, Any]) -> int:
    """Execute the run that is asked for, once the launcher says "go". Returns the process's exit code."""
    run_id = str(request["run_id"])
    with capture_interrupts(), dg.DagsterInstance.from_ref(instance_ref(request)) as instance:
        if instance.get_run_by_id(run_id) is None:
            send(connection, {"refused": f"there is no run {run_id}"})
            return 0
        send(connection, {"worker": Worker.here(run_id).text()})
        if not told_to_go(connection):
            return 0
        connection.close()
        try:
            return _execute_run_command_body(run_id, instance, lambda event: None, set_exit_code_on_failure=False)
        finally:
            ring(Path(instance.root_directory))  # the place of this run is free


def instance_ref(request: dict[str, Any]) -> InstanceRef:
    """The instance that the launcher has."""
    return deserialize_value(str(request["instance"]), InstanceRef)


def report_death(run_id: str, instance: str, pid: int, status: int) -> int:
    """End a run whose worker has ended without saying how the run ended; `status` is the exit code, or -signal.

    One that was being cancelled ends as that. A worker that was never told to go is not the run's: that one was started
    in another way.
    """
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with exit code {status}"
    with dg.DagsterInstance.from_ref(instance_ref({"instance": instance})) as opened:
        run = opened.get_run_by_id(run_id)
        worker = worker_named(run_id, run.tags) if run is not None else None
        if run is None or run.is_finished or worker is None or worker.pid != pid:
            return 0
        said = f"The run's worker {how} before the run had ended"
        if run.status == dg.DagsterRunStatus.CANCELING:
            opened.report_run_canceled(run, said)
        else:
            opened.report_run_failed(run, said)
    return 0
