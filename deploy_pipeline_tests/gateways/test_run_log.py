"""The times of real runs, read from Dagster's record of them."""

from datetime import UTC, datetime, tzinfo

import dagster as dg
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.run_facts import Reused, RunFacts
from deploy_pipeline.core.run_time import account_of
from deploy_pipeline.gateways.run_log import (
    ENDS,
    READ,
    REUSED_FROM,
    SAVED_SECONDS,
    WAITED_FOR,
    WHY,
    run_facts,
    steps_of,
    utc,
)


@dg.op(out=dg.DynamicOut(int))
def fan_out() -> list[dg.DynamicOutput[int]]:
    return [dg.DynamicOutput(number, mapping_key=f"n{number}") for number in (1, 2)]


@dg.op
def work(context: dg.OpExecutionContext, number: int) -> int:
    if number == 1:
        context.add_output_metadata({REUSED_FROM: "a" * 40, SAVED_SECONDS: 40, WHY: "same inputs"})
    else:
        context.add_output_metadata({f"{WAITED_FOR}lock": 0.5, f"{WAITED_FOR}nothing": "much", REUSED_FROM + "?": "no"})
    return number


@dg.op(retry_policy=dg.RetryPolicy(max_retries=2))
def gather(context: dg.OpExecutionContext, numbers: list[int]) -> int:
    if context.retry_number < 2:
        raise dg.RetryRequested(max_retries=2)
    return sum(numbers)


@dg.op
def break_down(total: int) -> int:
    raise dg.Failure("it broke", allow_retries=False)


@dg.op
def never_run(total: int) -> None: ...


@dg.job
def failing_job() -> None:
    never_run(break_down(gather(fan_out().map(work).collect())))


@pytest.fixture(scope="module")
def facts() -> RunFacts:
    """Of a run that fails in its last step but one."""
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = failing_job.execute_in_process(instance=instance, raise_on_error=False).run_id
        return run_facts(instance, run_id)


def test_every_step_that_began_has_its_times_and_its_inputs(facts: RunFacts) -> None:
    assert (facts.job, facts.status) == ("failing_job", "FAILURE")
    assert {step.name: step.upstream for step in facts.steps} == {
        "fan_out": frozenset(),
        "work[n1]": {"fan_out"},
        "work[n2]": {"fan_out"},
        "gather": {"work[n1]", "work[n2]"},
        "break_down": {"gather"},
    }
    assert all(facts.created <= step.begin <= step.end <= facts.ended for step in facts.steps)


def test_every_attempt_is_told_of(facts: RunFacts) -> None:
    assert {step.name: len(step.attempts) for step in facts.steps if len(step.attempts) > 1} == {"gather": 3}


def test_what_a_step_says_of_itself_is_taken_over_and_nothing_else(facts: RunFacts) -> None:
    steps = {step.name: step for step in facts.steps}
    assert steps["work[n1]"].reused == Reused("work[n1]", "a" * 40, 40.0, "same inputs")
    assert (steps["work[n2]"].reused, dict(steps["work[n2]"].waited)) == (None, {"lock": 0.5})


def test_the_account_of_a_real_run_makes_up_its_whole_time(facts: RunFacts) -> None:
    account = account_of(facts)
    assert account.path[-2:] == ("gather", "break_down")
    assert account.wall == pytest.approx(facts.ended - facts.created)


def test_a_run_that_was_cancelled_before_it_began_has_only_waited() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(failing_job, status=dg.DagsterRunStatus.NOT_STARTED)
        instance.report_run_canceled(run)
        facts = run_facts(instance, run.run_id)
    assert (facts.status, facts.launched, facts.started, facts.steps) == ("CANCELED", None, None, ())


def test_a_step_of_a_worker_that_was_killed_ended_with_the_run() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = failing_job.execute_in_process(instance=instance, raise_on_error=False).run_id
        told = instance.all_logs(run_id, of_type=READ)
    killed = [entry for entry in told if entry.dagster_event is None or entry.dagster_event.event_type not in ENDS]
    steps = list(steps_of(killed, 4e9))
    assert len(steps) == 5
    assert {step.end for step in steps} == {4e9}


def test_a_run_that_goes_on_has_no_account_yet() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(failing_job, status=dg.DagsterRunStatus.STARTED)
        with pytest.raises(DeployError, match="has not ended: it is STARTED"):
            run_facts(instance, run.run_id)
        with pytest.raises(DeployError, match="no such run"):
            run_facts(instance, "another")


@pytest.mark.parametrize("zone", [None, UTC])
def test_times_without_a_zone_are_utc(zone: tzinfo | None) -> None:
    assert utc(datetime(2026, 1, 15, 12, 0, tzinfo=zone)) == 1768478400.0
