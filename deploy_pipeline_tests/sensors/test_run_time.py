"""Every run that has ended gets its account, once."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.sensors.run_time import RUNS_AT_ONCE, run_time_sensor, since
from deploy_pipeline_tests.fakes.fake_clock import START
from deploy_pipeline_tests.samples import a_spec

KEY = dg.AssetKey(["production", "run_time", "a_job"])


@dg.op(config_schema={"breaks": dg.Field(bool, default_value=False)})
def step(context: dg.OpExecutionContext) -> None:
    if context.op_config["breaks"]:
        raise dg.Failure("it broke")


@dg.job
def a_job() -> None:
    step()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(instance: dg.DagsterInstance, *, breaks: bool = False, tags: dict[str, str] | None = None) -> str:
    """A run that has ended."""
    config = {"ops": {"step": {"config": {"breaks": breaks}}}}
    return a_job.execute_in_process(instance=instance, run_config=config, raise_on_error=False, tags=tags).run_id


def tick(instance: dg.DagsterInstance, cursor: str | None = None) -> str | None:
    """One evaluation; the cursor after it."""
    resources = {"home_spec": a_spec(), "clock": SystemClock()}
    context = dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources)
    run_time_sensor(context)
    return context.cursor


def accounts(instance: dg.DagsterInstance) -> list[dg.AssetObservation]:
    """What was told of the job's time."""
    records = instance.fetch_observations(KEY, limit=100).records
    return [record.event_log_entry.asset_observation for record in records if record.event_log_entry.asset_observation]


def time_of(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """The run's own tag."""
    found = instance.get_run_by_id(run_id)
    assert found is not None
    return run_tags.own(run_id, found.tags, run_tags.TIME)


def test_good_bad_and_cancelled_runs_get_their_accounts_once(instance: dg.DagsterInstance) -> None:
    cancelled = instance.create_run_for_job(a_job)
    instance.report_run_canceled(cancelled)
    ended = {run(instance): "SUCCESS", run(instance, breaks=True): "FAILURE", cancelled.run_id: "CANCELED"}
    cursor = tick(instance)
    tick(instance, cursor)
    told = {each.metadata["run"].value: each.metadata["status"].value for each in accounts(instance)}
    assert told == ended
    assert len(accounts(instance)) == 3
    assert all("worked" in (time_of(instance, run_id) or "") for run_id in ended)


def test_an_account_shows_its_sums_and_its_pieces(instance: dg.DagsterInstance) -> None:
    run_id = run(instance)
    tick(instance)
    (account,) = accounts(instance)
    assert account.description == time_of(instance, run_id)
    sums = {
        name: account.metadata[f"{name} (s)"].value for name in ("wall", "working", "waiting", "all steps", "saved")
    }
    assert sums["wall"] == pytest.approx(sums["working"] + sums["waiting"], abs=0.02)  # type: ignore[operator]
    assert account.metadata["critical path"].value == "step"
    pieces = account.metadata["pieces"]
    assert isinstance(pieces, dg.TableMetadataValue)
    assert "step" in {record.data["step"] for record in pieces.records}


def test_a_run_that_repeats_another_one_gets_an_account_of_its_own(instance: dg.DagsterInstance) -> None:
    first = run(instance)
    cursor = tick(instance)
    inherited = instance.get_run_by_id(first)
    assert inherited is not None
    second = run(instance, tags={run_tags.TIME: inherited.tags[run_tags.TIME]})
    tick(instance, cursor)
    assert time_of(instance, second)


def test_a_run_that_goes_on_gets_none_yet(instance: dg.DagsterInstance) -> None:
    instance.create_run_for_job(a_job, status=dg.DagsterRunStatus.STARTED)
    tick(instance)
    assert accounts(instance) == []


def test_many_runs_are_taken_piece_by_piece_and_none_is_left_out(instance: dg.DagsterInstance) -> None:
    for _ in range(RUNS_AT_ONCE + 2):
        instance.report_run_canceled(instance.create_run_for_job(a_job))
    cursor = tick(instance)
    assert cursor is None
    tick(instance, cursor)
    assert len(accounts(instance)) == RUNS_AT_ONCE + 2


def test_since_goes_back_a_day_at_most_and_where_the_cursor_says_nothing() -> None:
    day_before = START - timedelta(days=1)
    assert [since(cursor, START) for cursor in (None, "", "nonsense", "2020-01-01T00:00:00+00:00")] == [day_before] * 4
    assert since(START.isoformat(), START) == START - timedelta(minutes=1)
