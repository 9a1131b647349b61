"""Where the time of a run went."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy_pipeline.core.run_facts import Reused, RunFacts, StepTime
from deploy_pipeline.core.run_time import (
    BETWEEN,
    END,
    LAUNCH,
    QUEUE,
    RETRY,
    WORK,
    Account,
    Leg,
    account_of,
)


def a_step(name: str, begin: float, end: float, *upstream: str) -> StepTime:
    return StepTime(name, ((begin, end),), frozenset(upstream))


def a_run(*steps: StepTime, status: str = "SUCCESS") -> RunFacts:
    """Created at 0, out of the queue at 2, running from 3, at its end at 20."""
    return RunFacts("r1", "deploy_job", status, 0.0, 2.0, 3.0, 20.0, steps)


def test_the_path_goes_back_over_the_input_that_came_last() -> None:
    found = account_of(
        a_run(
            a_step("resolve", 3.1, 4.0),
            a_step("build", 4.1, 12.0, "resolve"),
            a_step("package", 4.1, 6.0, "resolve"),
            a_step("plan", 12.2, 19.0, "build", "package"),
        )
    )
    assert found.path == ("resolve", "build", "plan")
    assert found.legs == (
        Leg(QUEUE, "", 0.0, 2.0),
        Leg(LAUNCH, "", 2.0, 3.0),
        Leg(BETWEEN, "resolve", 3.0, 3.1),
        Leg(WORK, "resolve", 3.1, 4.0),
        Leg(BETWEEN, "build", 4.0, 4.1),
        Leg(WORK, "build", 4.1, 12.0),
        Leg(BETWEEN, "plan", 12.0, 12.2),
        Leg(WORK, "plan", 12.2, 19.0),
        Leg(END, "", 19.0, 20.0),
    )
    assert found.working == pytest.approx(0.9 + 7.9 + 6.8)
    assert (found.wall, found.waiting) == pytest.approx((20.0, 20.0 - found.working))
    assert found.step_seconds == pytest.approx(found.working + 1.9)


def test_a_step_that_found_no_place_waited_for_the_one_whose_end_made_room() -> None:
    found = account_of(
        a_run(
            a_step("resolve", 3.0, 4.0),
            a_step("first", 4.0, 10.0, "resolve"),
            a_step("second", 10.1, 19.0, "resolve"),
        )
    )
    assert found.path == ("resolve", "first", "second")


def test_a_step_that_ends_while_another_is_dispatched_is_no_cause() -> None:
    found = account_of(
        a_run(a_step("resolve", 3.0, 4.0), a_step("beside", 3.0, 4.2), a_step("build", 4.3, 19.0, "resolve"))
    )
    assert found.path == ("resolve", "build")


def test_a_first_step_has_waited_for_no_other() -> None:
    found = account_of(a_run(a_step("beside", 3.0, 3.1), a_step("build", 3.2, 19.0)))
    assert found.path == ("build",)


def test_waiting_for_another_attempt_is_no_work() -> None:
    step = StepTime("push", ((3.0, 5.0), (9.0, 10.0), (14.0, 20.0)))
    found = account_of(a_run(step))
    assert dict(found.spent) == {QUEUE: 2.0, LAUNCH: 1.0, WORK: 9.0, RETRY: 8.0}


def test_what_a_step_says_of_its_own_waiting_is_no_work_but_never_more_than_its_work() -> None:
    steps = (
        replace(a_step("apply", 3.0, 10.0), waited={"lock": 4.0}),
        replace(a_step("bake", 10.0, 20.0, "apply"), waited={"bake": 99.0, "lock": 5.0}),
    )
    found = account_of(a_run(*steps))
    assert dict(found.spent) == {QUEUE: 2.0, LAUNCH: 1.0, WORK: 3.0, "lock": 4.0, "bake": 10.0}


def test_a_run_that_was_cancelled_in_the_queue_has_only_waited() -> None:
    found = account_of(RunFacts("r1", "deploy_job", "CANCELED", 5.0, None, None, 25.0))
    assert (found.legs, found.working, found.path) == ((Leg(QUEUE, "", 5.0, 25.0),), 0.0, ())


def test_a_run_whose_worker_never_came_up_has_waited_for_its_launch() -> None:
    found = account_of(RunFacts("r1", "deploy_job", "FAILURE", 5.0, 6.0, None, 25.0))
    assert found.legs == (Leg(QUEUE, "", 5.0, 6.0), Leg(LAUNCH, "", 6.0, 25.0))


def test_what_was_reused_is_summed() -> None:
    steps = [
        replace(a_step(name, 3.0, 3.1), reused=Reused(name, "a" * 40, seconds, "same inputs"))
        for name, seconds in (("build", 40.0), ("scan", 2.5))
    ]
    found = account_of(a_run(*steps))
    assert found.saved_seconds == 42.5
    assert [each.step for each in found.reused] == ["build", "scan"]


TIMES = st.floats(0, 100, allow_nan=False)
WAITS = st.dictionaries(st.sampled_from(["lock", "bake"]), st.floats(-10, 200, allow_nan=False))


@st.composite
def runs(draw: st.DrawFn) -> RunFacts:
    """Any facts, also those that clocks got wrong: ends before begins, inputs after their consumers, circles."""
    names = [f"step{number}" for number in range(draw(st.integers(0, 6)))]
    steps = tuple(
        StepTime(
            name,
            tuple(draw(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=3))),
            frozenset(draw(st.sets(st.sampled_from([*names, "of another run"])))),
            draw(WAITS),
        )
        for name in names
    )
    launched, started = draw(st.none() | TIMES), draw(st.none() | TIMES)
    return RunFacts("r1", "job", "FAILURE", draw(TIMES), launched, started, draw(TIMES), steps)


def check(found: Account, facts: RunFacts) -> None:
    """What holds for every account."""
    now = facts.created
    for leg in found.legs:
        assert leg.begin == now
        assert leg.end > leg.begin
        now = leg.end
    assert now == max(facts.created, facts.ended)
    assert found.wall == pytest.approx(now - facts.created)
    assert all(seconds > 0 for seconds in found.spent.values())
    assert -1e-9 <= found.working <= found.wall + 1e-9
    assert len(set(found.path)) == len(found.path)
    assert sum(leg.seconds for leg in found.legs if leg.kind == WORK) <= found.step_seconds + 1e-9


@given(runs())
def test_the_legs_of_any_run_make_up_its_whole_time(facts: RunFacts) -> None:
    check(account_of(facts), facts)


@st.composite
def schedules(draw: st.DrawFn) -> RunFacts:
    """A run as an executor with `places` makes it: steps begin when their inputs are there and a place is free."""
    count, places = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    free, ends, steps = [3.0] * places, dict[str, float](), list[StepTime]()
    for number in range(count):
        upstream = draw(st.sets(st.sampled_from(sorted(ends)))) if ends else set()
        place = min(range(places), key=lambda each: free[each])
        begin = max([free[place], *(ends[name] for name in upstream)])
        end = begin + draw(st.integers(1, 9))  # no gap is as short as what the engine takes between two steps
        free[place] = ends[f"step{number}"] = end
        steps.append(StepTime(f"step{number}", ((begin, end),), frozenset(upstream)))
    return RunFacts("r1", "job", "SUCCESS", 0.0, 2.0, 3.0, max(ends.values()), tuple(steps))


@given(schedules())
def test_the_path_of_a_run_that_an_executor_made_is_all_work(facts: RunFacts) -> None:
    found = account_of(facts)
    check(found, facts)
    assert found.spent[WORK] == pytest.approx(facts.ended - 3.0)
    steps = {step.name: step for step in facts.steps}
    assert steps[found.path[-1]].end == facts.ended
    pairs = zip(found.path, found.path[1:], strict=False)
    assert all(steps[one].end <= steps[other].begin for one, other in pairs)
