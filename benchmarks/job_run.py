"""Runs `pr_validation_job` in a process of its own, as a deployment does, and says when its steps ran."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, time

import dagster as dg

from deploy_pipeline.cli.dagster_processes import inherited
from deploy_pipeline.cli.instance_folder import prepare_instance
from deploy_pipeline.core.errors import DeployError

SHOWN = 4000
VERDICT = "conclude"
SUCCESS = "SUCCESS"
CHECK = "check_"


@dataclass(frozen=True)
class Step:
    """When a step began and ended, in seconds from the start of the run worker."""

    name: str
    begin: float
    end: float
    failed: bool


@dataclass(frozen=True)
class JobRun:
    """A run, from the start of its process to its end, its steps, and how each check ended (name -> state)."""

    seconds: float
    steps: tuple[Step, ...]
    states: Mapping[str, str]


@dataclass(frozen=True)
class RunWorker:
    """Starts runs of the job on the Dagster instance in `home`, with the variables of the pipeline."""

    project: Path
    home: Path
    variables: Mapping[str, str]

    def prepare(self) -> None:
        """Make the instance, with the project's settings."""
        self.home.mkdir(parents=True, exist_ok=True)
        prepare_instance(self.project, self.home, lambda line: None)

    def run(self, pull_request: int, head: str) -> JobRun:
        """Validate a pull request's head. Raises DeployError where a step fails, unless it is the verdict."""
        asked = {"pull_request": pull_request, "head": head, "authorised": True}
        config = {"ops": {"resolve_pull_request": {"config": asked}}}
        file = self.home / "run.json"  # JSON is YAML
        file.write_text(json.dumps(config))
        argv = [
            *(sys.executable, "-m", "dagster", "job", "execute"),
            *("-m", "deploy_pipeline.definitions", "-j", "pr_validation_job", "-c", str(file)),
        ]
        own = {**inherited(os.environ), **self.variables, "DAGSTER_HOME": str(self.home)}
        began, start = time(), perf_counter()
        done = subprocess.run(argv, cwd=self.project, env=own, capture_output=True, text=True, check=False)
        seconds = perf_counter() - start
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            run_id = instance.get_runs(limit=1)[0].run_id
            run = JobRun(seconds, steps_of(instance, run_id, began), states_of(instance, run_id))
        failed = [step.name for step in run.steps if step.failed and step.name != VERDICT]
        if failed or VERDICT not in {step.name for step in run.steps}:
            said = (done.stdout + done.stderr)[-SHOWN:]
            raise DeployError(f"{', '.join(failed) or 'nothing'} failed:\n{said}", where="pr_validation_job")
        return run


def steps_of(instance: dg.DagsterInstance, run_id: str, began: float) -> tuple[Step, ...]:
    """The steps in the order in which they began."""
    found = sorted(instance.get_run_step_stats(run_id), key=lambda each: each.start_time or 0)
    return tuple(
        Step(
            stats.step_key,
            (stats.start_time or 0) - began,
            (stats.end_time or 0) - began,
            stats.status is None or stats.status.value != SUCCESS,
        )
        for stats in found
    )


def states_of(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """How each check ended, as its step says in the metadata of its output."""
    events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_OUTPUT)]
    return {
        (event.step_key or "").removeprefix(CHECK): str(event.step_output_data.metadata["state"].value)
        for event in events
        if event is not None and (event.step_key or "").startswith(CHECK)
    }
