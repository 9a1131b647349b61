"""Tells GitHub of validations that ended before they could answer, so that no status stays pending for ever.

It looks at the state, not at the event: every validation of the last day that ended badly without an answer.
"""

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.checks.catalogue import CHECKS, enabled
from deploy_pipeline.core.checks.verdict import display_name
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.ops.checks import TOLD, op_of
from deploy_pipeline.ops.tell import NOT_TOLD, attempt
from deploy_pipeline.ops.tell_checks import OVERALL, tell_ended
from deploy_pipeline.sensors.failed_stage import failed_stage
from deploy_pipeline.sensors.outcome import INTERVAL_SECONDS, TOLD_WITHIN

ENDED_BADLY = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.sensor(
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends the statuses of validations that broke down or were superseded before they could answer.",
)
def unanswered_sensor(
    context: dg.SensorEvaluationContext,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    clock: dg.ResourceParam[Clock],
    links: dg.ResourceParam[Links],
) -> dg.SkipReason:
    """End what would stay pending, and go on until GitHub has heard."""
    answers = {}
    for run in unanswered(context.instance, clock):
        answer = attempt(end_statuses, context.instance, home_spec, github, run, links.run(run.run_id))
        answers[run.run_id] = answer
        if not answer.startswith(NOT_TOLD):
            tag = run_tags.owned(run.run_id, "ended")
            context.instance.add_run_tags(run.run_id, {run_tags.VALIDATION_ANSWERED: tag})
    return dg.SkipReason(f"told of {answers}" if answers else "every validation has answered")


def unanswered(instance: dg.DagsterInstance, clock: Clock) -> list[dg.DagsterRun]:
    """The validations that ended without an answer."""
    wanted = dg.RunsFilter(
        job_name=pr_validation_job.name, statuses=ENDED_BADLY, updated_after=clock.now() - TOLD_WITHIN
    )
    runs = instance.get_runs(filters=wanted)
    return [
        run for run in runs
        if run.tags.get(run_tags.VALIDATED_HEAD)
        and run_tags.own(run.run_id, run.tags, run_tags.VALIDATION_ANSWERED) is None
    ]  # fmt: skip


def end_statuses(instance: dg.DagsterInstance, spec: Spec, github: GitHub, run: dg.DagsterRun, url: str) -> str:
    """End the status of every check that did not get as far as telling, and the verdict's."""
    head = run.tags[run_tags.VALIDATED_HEAD]
    superseded = run_tags.own(run.run_id, run.tags, run_tags.SUPERSEDED_BY)
    if not is_newest(instance, run):
        return "left to a newer validation of this head"
    stage, reason = failed_stage(instance, run)
    broke = f"the validation broke down at {stage or 'its start'}: {reason}"
    why = f"superseded: {superseded}" if superseded else broke
    done = told(instance, run)
    pending = [name for name in checks_of(run, spec) if op_of(name) not in done]
    for name in [*map(display_name, pending), OVERALL]:
        tell_ended(github, spec.repository.name, head, name, why, url)
    return f"{len(pending) + 1} statuses ended"


def checks_of(run: dg.DagsterRun, spec: Spec) -> list[str]:
    """The checks that have a status: those that the base branch's spec has switched on, where that was read."""
    named = run.tags.get(run_tags.VALIDATION_CHECKS, ",".join(enabled(spec))).split(",")
    return [name for name in CHECKS if name in named]


def is_newest(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether no other validation of the same head came later, whose statuses must not be written over."""
    same = {run_tags.VALIDATED_HEAD: run.tags[run_tags.VALIDATED_HEAD]}
    runs = instance.get_runs(filters=dg.RunsFilter(job_name=pr_validation_job.name, tags=same), limit=1)
    return [each.run_id for each in runs] == [run.run_id]


def told(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[str]:
    """The steps that say in their metadata that GitHub has heard of their check."""
    records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_OUTPUT).records
    events = [record.event_log_entry.dagster_event for record in records]
    return {event.step_key for event in events if event and event.step_key and has_told(event)}


def has_told(event: dg.DagsterEvent) -> bool:
    """Whether an output's metadata says so."""
    said = event.step_output_data.metadata.get(TOLD)
    return isinstance(said, dg.TextMetadataValue) and not (said.text or NOT_TOLD).startswith(NOT_TOLD)
