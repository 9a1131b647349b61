"""Accounts for the time of every run that has ended, well or badly: a run cannot see its own end.

It looks at the state, not at the event: every run that ended since the last tick and has no account yet.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.asset_keys import run_time_path
from deploy_pipeline.core.run_time import Account, account_of
from deploy_pipeline.core.run_time_words import numbers, path_rows, reused_rows, summary
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.run_log import run_facts
from deploy_pipeline.sensors.outcome import INTERVAL_SECONDS

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
LONGEST_LOOK_BACK = timedelta(days=1)
OVERLAP = timedelta(minutes=1)  # a run's end is written a moment after it
RUNS_AT_ONCE = 20


@dg.sensor(
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Accounts for the time of every run: its critical path, waiting and working, and what was reused.",
)
def run_time_sensor(
    context: dg.SensorEvaluationContext, home_spec: dg.ResourceParam[Spec], clock: dg.ResourceParam[Clock]
) -> dg.SkipReason:
    """Give every run that has ended its account: in one sentence as a tag, in full as an event of the job's time."""
    now = clock.now()
    without = list(unaccounted(context.instance, since(context.cursor, now)))
    for run in without[:RUNS_AT_ONCE]:
        account = account_of(run_facts(context.instance, run.run_id))
        context.instance.report_runless_asset_event(time_event(account, home_spec.environment))
        tag = run_tags.owned(run.run_id, summary(account))
        context.instance.add_run_tags(run.run_id, {run_tags.TIME: tag})  # last: what has it is not looked at again
    if len(without) <= RUNS_AT_ONCE:
        context.update_cursor(now.isoformat())
    return dg.SkipReason(f"accounted for {min(len(without), RUNS_AT_ONCE)} runs")


def since(cursor: str | None, now: datetime) -> datetime:
    """From when on runs are looked at; a cursor that cannot be read counts as none."""
    try:
        last = datetime.fromisoformat(cursor or "").astimezone(UTC) - OVERLAP
    except ValueError:
        last = now - LONGEST_LOOK_BACK
    return max(last, now - LONGEST_LOOK_BACK)


def unaccounted(instance: dg.DagsterInstance, after: datetime) -> Iterator[dg.DagsterRun]:
    """The runs that ended and have no account, oldest first."""
    found = instance.get_runs(filters=dg.RunsFilter(statuses=ENDED, updated_after=after), ascending=True)
    return (run for run in found if run_tags.own(run.run_id, run.tags, run_tags.TIME) is None)


def time_event(account: Account, environment: str) -> dg.AssetObservation:
    """The account as Dagster shows it, and draws its numbers over time."""
    facts = account.facts
    return dg.AssetObservation(
        asset_key=dg.AssetKey(run_time_path(environment, facts.job)),
        description=summary(account),
        metadata={
            "run": dg.MetadataValue.dagster_run(facts.run_id),
            "status": facts.status,
            **{f"{name} (s)": seconds for name, seconds in numbers(account).items()},
            "critical path": " → ".join(account.path) or "-",
            "pieces": table(path_rows(account), ("at", "seconds", "what", "step")),
            "reused": table(reused_rows(account), ("step", "from", "saved seconds", "why")),
        },
    )


def table(rows: list[dict[str, str | float]], names: tuple[str, ...]) -> dg.TableMetadataValue:
    """Rows with their columns' names, also where there are none."""
    columns = [
        dg.TableColumn(name, "float" if name in {"at", "seconds", "saved seconds"} else "string") for name in names
    ]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], dg.TableSchema(columns))
