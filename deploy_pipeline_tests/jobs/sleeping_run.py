"""A run whose one step sleeps in a box, in a worker of its own: to be cancelled by a test."""

import os
from pathlib import Path

import dagster as dg

from deploy_pipeline.core.isolation import BoxSetup, Limits
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_isolation import DockerIsolation, IsolationSettings
from deploy_pipeline.jobs.execution import executor

FOLDER = "SLEEPING_RUN_FOLDER"


def folder() -> Path:
    """Where the test and all processes of the run meet."""
    return Path(os.environ[FOLDER])


@dg.op
def sleep_in_a_box() -> None:
    """Run a program that takes an hour; `begun` is a pipe."""
    settings = IsolationSettings(None, "python:3.11-slim-bookworm", None, folder() / "isolation")
    with DockerIsolation(settings, SystemClock()).box(BoxSetup("sleeper", "", limits=Limits(256, 1.0, 64, 16))) as box:
        box.run(("sh", "-c", "echo asleep; sleep 3600"), timeout=3600, on_line=say, cwd="/")


def say(line: str) -> None:
    """Tell the test."""
    (folder() / "begun").write_text(line)


@dg.job(executor_def=executor)
def sleeping_job() -> None:
    """One step in a box."""
    sleep_in_a_box()


def main() -> None:
    """Run the sleeping job, as a run's own process does."""
    (folder() / "dagster").mkdir()
    with (
        dg.DagsterInstance.local_temp(str(folder() / "dagster")) as instance,
        dg.execute_job(dg.reconstructable(sleeping_job), instance=instance) as result,
    ):
        print(result.dagster_run.status.value)


if __name__ == "__main__":
    main()
