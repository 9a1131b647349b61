"""The times of a run that has ended, read from Dagster's own record of it. Judges nothing; `core.run_time` does."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.run_facts import Reused, RunFacts, StepTime

EVENT = dg.DagsterEventType
BEGINS = {EVENT.STEP_START, EVENT.STEP_RESTARTED}
ENDS = {EVENT.STEP_SUCCESS, EVENT.STEP_FAILURE, EVENT.STEP_UP_FOR_RETRY}
RUN_ENDS = {EVENT.RUN_SUCCESS, EVENT.RUN_FAILURE, EVENT.RUN_CANCELED}
READ = {*BEGINS, *ENDS, *RUN_ENDS, EVENT.RUN_STARTING, EVENT.RUN_START, EVENT.LOADED_INPUT, EVENT.STEP_OUTPUT}
REUSED_FROM, SAVED_SECONDS, WHY = "reused from", "saved seconds", "why"
"""The metadata of an output that a stage took over from an earlier deployment."""
WAITED_FOR = "waited for "
"""Begins the name of metadata that says how many seconds a step's work has waited for something: a lock, a bake."""

Entry = dg.EventLogEntry


def run_facts(instance: dg.DagsterInstance, run_id: str) -> RunFacts:
    """When a run and its steps began and ended. `DeployError` where there is no such run, or it has not ended."""
    record = instance.get_run_record_by_id(run_id)
    if record is None:
        raise DeployError("no such run", where=run_id, todo="take its id from the UI")
    run = record.dagster_run
    if not run.is_finished:
        raise DeployError(f"has not ended: it is {run.status.value}", where=f"run {run_id}", todo="wait for its end")
    entries = instance.all_logs(run_id, of_type=READ)
    created, told = utc(record.create_timestamp), times(entries)
    ended = max((told[kind] for kind in RUN_ENDS if kind in told), default=record.end_time or created)
    launched, started = told.get(EVENT.RUN_STARTING), told.get(EVENT.RUN_START)
    steps = tuple(steps_of(entries, ended))
    return RunFacts(run_id, run.job_name, run.status.value, created, launched or started, started, ended, steps)


def utc(moment: datetime) -> float:
    """Unix time. Dagster keeps times in UTC, and some storages do not say so."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def times(entries: Iterable[Entry]) -> dict[dg.DagsterEventType, float]:
    """When each kind of event was told of for the last time."""
    return {entry.dagster_event.event_type: entry.timestamp for entry in entries if entry.dagster_event is not None}


def steps_of(entries: Iterable[Entry], ended: float) -> Iterable[StepTime]:
    """Every step that began. One that was interrupted ended with the run."""
    by_step: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.step_key is not None:
            by_step.setdefault(entry.step_key, []).append(entry)
    for name, own in by_step.items():
        if attempts := tuple(attempts_of(own, ended)):
            metadata = output_metadata(own)
            yield StepTime(name, attempts, upstream_of(own), waited(metadata), reused(name, metadata))


def attempts_of(entries: Iterable[Entry], ended: float) -> Iterable[tuple[float, float]]:
    """Begin and end of each attempt of one step."""
    begin = None
    for entry in entries:
        kind = entry.dagster_event.event_type if entry.dagster_event else None
        if kind in BEGINS and begin is None:
            begin = entry.timestamp
        elif kind in ENDS and begin is not None:
            yield begin, entry.timestamp
            begin = None
    if begin is not None:
        yield begin, ended


def upstream_of(entries: Iterable[Entry]) -> frozenset[str]:
    """The steps whose outputs a step has read."""
    read = [entry.dagster_event for entry in entries]
    loaded = [event.event_specific_data for event in read if event and event.event_type == EVENT.LOADED_INPUT]
    keys = {getattr(data, "upstream_step_key", None) for data in loaded}
    return frozenset(key for key in keys if key)


def output_metadata(entries: Iterable[Entry]) -> dict[str, Any]:
    """What a step said of its outputs, as plain values."""
    found: dict[str, Any] = {}
    for event in (entry.dagster_event for entry in entries):
        if event is not None and event.event_type == EVENT.STEP_OUTPUT:
            found |= {name: value.value for name, value in event.step_output_data.metadata.items()}
    return found


def waited(metadata: Mapping[str, Any]) -> dict[str, float]:
    """What a step's work has waited for, in seconds."""
    return {
        name.removeprefix(WAITED_FOR): float(value)
        for name, value in metadata.items()
        if name.startswith(WAITED_FOR) and isinstance(value, int | float)
    }


def reused(step: str, metadata: Mapping[str, Any]) -> Reused | None:
    """From which deployment a step took its result over, if it did."""
    if REUSED_FROM not in metadata:
        return None
    saved = metadata.get(SAVED_SECONDS)
    seconds = float(saved) if isinstance(saved, int | float) else 0.0
    return Reused(step, str(metadata[REUSED_FROM]), seconds, str(metadata.get(WHY, "")))
