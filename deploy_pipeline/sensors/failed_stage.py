"""Where a run failed, and why, from Dagster's record of it."""

from typing import Any

import dagster as dg


def failed_stage(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str, str]:
    """The first step that failed and its message; a run can fail outside of any step, too."""
    if run.status == dg.DagsterRunStatus.SUCCESS:
        return "", ""
    if run.status == dg.DagsterRunStatus.CANCELED:
        return "", "cancelled in the Dagster UI"
    records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    for event in (record.event_log_entry.dagster_event for record in records):
        data = event.step_failure_data if event else None
        if event and data and data.user_failure_data is not None:
            return event.step_key or "", data.user_failure_data.description or ""
        if event and data and data.error is not None:
            return event.step_key or "", root_cause(data.error)
    return "", "the run failed outside of its steps: see its log"


def root_cause(error: Any) -> str:
    """The innermost message of a chain of exceptions (Dagster's own error record, whose type it does not export)."""
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip()
