"""Runs `pr_validation_job` on a running service, and says when its steps ran."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from benchmarks.engine_service import Service
from deploy_pipeline.core.errors import DeployError

JOB = "pr_validation_job"
POLL_SECONDS = 3.0  # each question costs the web server part of what is measured
VERDICT = "conclude"
SUCCESS = "SUCCESS"
CHECK = "check_"


@dataclass(frozen=True)
class Step:
    """When a step began and ended, in seconds from the launch of the run."""

    name: str
    begin: float
    end: float
    failed: bool


@dataclass(frozen=True)
class JobRun:
    """A run, from its launch to its end, its steps, and how each check ended (name -> state)."""

    seconds: float
    steps: tuple[Step, ...]
    states: Mapping[str, str]


def validate(service: Service, pull_request: int, head: str) -> JobRun:
    """Validate a pull request's head. Raises DeployError where a step fails, unless it is the verdict."""
    asked = {"pull_request": pull_request, "head": head, "authorised": True}
    done = service.until_ended(JOB, {"ops": {"resolve_pull_request": {"config": asked}}}, every=POLL_SECONDS)
    with service.instance() as instance:
        run = JobRun(done.seconds, steps_of(instance, done.run_id, done.began), states_of(instance, done.run_id))
    failed = [step.name for step in run.steps if step.failed and step.name != VERDICT]
    if failed or VERDICT not in {step.name for step in run.steps}:
        raise DeployError(f"{', '.join(failed) or 'nothing'} failed: {service.why(done.run_id)}", where=JOB)
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
