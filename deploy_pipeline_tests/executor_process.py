"""A run with the thread executor in a process of its own, to be cancelled and killed by tests: `python -m`."""

import os
import signal
import sys
import time
from pathlib import Path

import dagster as dg

from deploy_pipeline.executor import thread_executor
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.process import LocalProcess

FOLDER = "EXECUTOR_PROCESS_FOLDER"
HOUR = 3600


def folder() -> Path:
    """Where the test and the run meet."""
    return Path(os.environ[FOLDER])


@dg.op(retry_policy=dg.RetryPolicy(max_retries=3))
def waits(context: dg.OpExecutionContext) -> None:
    """Waits for an hour, and takes its time to clean up."""
    (folder() / f"waits{context.retry_number}").touch()
    clock = SystemClock()
    try:
        clock.sleep(HOUR)
    finally:
        clock.sleep(0.5)
        (folder() / "cleaned up").touch()


@dg.op
def runs_a_program() -> None:
    """Runs a program that says its number, and that it was asked to end."""
    script = f"""
    trap 'echo asked > {folder() / "asked"}; exit 0' INT
    echo $$ > {folder() / "number.new"}; mv {folder() / "number.new"} {folder() / "number"}
    while :; do sleep 0.05; done
    """
    LocalProcess(environment=os.environ, clock=SystemClock()).run(["sh", "-c", script], timeout=HOUR)


@dg.op(ins={"before": dg.In(dg.Nothing)})
def below() -> None:
    (folder() / "below").touch()


@dg.op
def cannot_be_interrupted() -> None:
    """Stays in one call into C."""
    (folder() / "waits0").touch()
    time.sleep(HOUR)


@dg.op
def waits_a_second() -> None:
    """While it waits, the run's thread gets a signal about every millisecond."""
    SystemClock().sleep(1)
    (folder() / "waited").touch()


@dg.job(executor_def=thread_executor)
def signalled() -> None:
    waits_a_second()


@dg.job(executor_def=thread_executor)
def waiting() -> None:
    below(waits())
    runs_a_program()


@dg.job(executor_def=thread_executor.configured({"grace_seconds": 0.5}, name="impatient"))
def stuck() -> None:
    below(cannot_be_interrupted())


if __name__ == "__main__":
    if sys.argv[1] == "signalled":
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 0.0007, 0.0007)
    with (
        dg.DagsterInstance.from_config(str(folder() / "dagster")) as instance,
        dg.execute_job(dg.reconstructable(globals()[sys.argv[1]]), instance=instance),
    ):
        pass
    signal.setitimer(signal.ITIMER_REAL, 0)
