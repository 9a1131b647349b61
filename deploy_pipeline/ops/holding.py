"""Gives what a run holds back when the run ends, however it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.ledger.deployment import Outcome, deployment_id
from deploy_pipeline.gateways.interruptions import uninterrupted
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.ledger.hold import Hold, NotBegun

INTERRUPTED = "DagsterExecutionInterruptedError"
CANCELED = (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED)


def held(hold: Hold, instance: dg.DagsterInstance | None, run_id: str) -> Iterator[Hold]:
    """The body of the resource: what the run began and did not end is settled after its last step."""
    try:
        yield hold
    finally:
        with uninterrupted():  # a second signal would leave users where they are until somebody else settles it
            hold.close(ending(instance, run_id) if hold.lease.deployment else "failed")


def ending(instance: dg.DagsterInstance | None, run_id: str) -> Outcome:
    """What becomes of a deployment that has to be undone at the end of its run."""
    run = instance.get_run_by_id(run_id) if instance else None
    if instance is None or run is None:
        return "failed"
    if run.status in CANCELED:
        return "canceled"
    return "abandoned" if interrupted(instance, run_id) else "failed"


def has_died(instance: dg.DagsterInstance, ledger: Ledger, run: dg.DagsterRun) -> bool:
    """Whether a run that is over did not fail by itself, and left nothing behind: it may be begun again.

    One that a person has ended may not. One that could not have the environment may, once that is free.
    """
    if run.status == dg.DagsterRunStatus.CANCELED:
        return False
    commit = run.tags.get(run_tags.COMMIT)
    record = ledger.deployment(deployment_id(commit, run.run_id)) if commit else None
    if record is not None:
        return record.outcome == "abandoned"
    if run.status != dg.DagsterRunStatus.FAILURE:
        return False
    if run_tags.own(run.run_id, run.tags, run_tags.NOT_BEGUN) is not None:
        return ledger.head().head.lease is None
    return interrupted(instance, run.run_id)


def interrupted(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether no step of the run has failed by itself: the service was stopped, and its runs with it."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    events = [record.event_log_entry.dagster_event for record in records]
    errors = [event.step_failure_data.error for event in events if event]
    return all(error is not None and error.cls_name == INTERRUPTED for error in errors)


@contextmanager
def begun_later(context: dg.OpExecutionContext) -> Iterator[None]:
    """Remember of a run that it could not have the environment: nothing of it has begun, and it is begun again."""
    try:
        yield
    except NotBegun:
        tags = {run_tags.NOT_BEGUN: run_tags.owned(context.run_id, "yes")}
        context.instance.add_run_tags(context.run_id, tags)
        raise
