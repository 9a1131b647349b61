"""When a release is taken back by itself, and when it is left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploy_pipeline.core.analysis.measurements import MINUTE, Window
from deploy_pipeline.core.analysis.statistics import Count
from deploy_pipeline.core.ledger.deployment import Deployment
from deploy_pipeline.core.ledger.head import Head, Lease
from deploy_pipeline.core.ledger.triggers import (
    changed_functions,
    changed_services,
    ill_for,
    last_minutes,
    left_alone,
    too_many_errors,
)
from deploy_pipeline.core.release import release_of
from deploy_pipeline_tests.samples import a_commit, a_deployed

NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
NOON = NOW.replace(second=0)
WATCHED = timedelta(hours=1)
RELEASE = release_of(a_deployed(), "run", NOW, "the one before")
RECORD = Deployment(RELEASE.name, "deployment", "production", "run", a_commit(), NOW)


def minutes(*counts: tuple[int, int] | None) -> tuple[dict[datetime, Count], Window]:
    """Errors and requests of each minute from noon on; None for one that nobody has measured."""
    found = {NOON + n * MINUTE: Count(*one) for n, one in enumerate(counts) if one}
    return found, Window(NOON, NOON + len(counts) * MINUTE)


def test_errors_in_each_minute_take_it_back() -> None:
    assert too_many_errors(*minutes((6, 100), (7, 100)), 0.05, 50) == (
        "13 errors in 200 requests, each of 2 min above 5%"
    )


@pytest.mark.parametrize("counts", [
    ((6, 100), (5, 100)),  # exactly 5 % is not above it
    ((60, 100), None),  # nobody knows
    ((60, 100), (0, 0)),  # no request says nothing
    ((3, 20), (3, 20)),  # too few of them
    (),
])  # fmt: skip
def test_anything_less_does_not(counts: tuple[tuple[int, int] | None, ...]) -> None:
    assert too_many_errors(*minutes(*counts), 0.05, 50) == ""


def test_only_minutes_of_the_release_itself_count() -> None:
    """The last whole minute may not be there yet, and those before the release are another version's."""
    assert last_minutes(NOW, NOON - timedelta(minutes=4), 3) == Window(NOON - 4 * MINUTE, NOON - MINUTE)
    assert last_minutes(NOW, NOON - timedelta(minutes=3, seconds=30), 3) is None


def test_a_release_that_was_just_deployed_may_be_taken_back() -> None:
    assert left_alone(Head(), RELEASE, RECORD, NOW + WATCHED, WATCHED) == ""


@pytest.mark.parametrize(("head", "release", "record", "at", "why"), [
    (Head(1, Lease("another", "run")), RELEASE, RECORD, NOW, "another changes the environment now"),
    (Head(), replace(RELEASE, restores="x"), RECORD, NOW, "it is a rollback itself"),
    (Head(), replace(RELEASE, replaced=""), RECORD, NOW, "there is none before it"),
    (Head(), RELEASE, replace(RECORD, decided="promote"), NOW, "a person has decided: promote"),
    (Head(), RELEASE, RECORD, NOW + WATCHED + MINUTE, "it has been live for more than 60 min"),
])  # fmt: skip
def test_it_is_left_alone(head: Head, release: object, record: Deployment, at: datetime, why: str) -> None:
    assert left_alone(head, release, record, at, WATCHED) == why  # type: ignore[arg-type]  # the releases above


def test_what_the_release_did_not_change_is_not_its_doing() -> None:
    live = a_deployed()
    before = replace(live, functions=(replace(live.functions[0], version="1"),), services=())
    assert (changed_functions(live, before), changed_services(live, before)) == (("data_prep",), ())
    before = replace(live, services=(replace(live.services[0], task_definition="another"),))
    assert (changed_functions(live, before), changed_services(live, before)) == ((), ("inference",))


def test_something_is_ill_when_it_was_so_for_long_enough() -> None:
    assert not ill_for(None, NOW, 3)
    assert not ill_for(NOW - timedelta(minutes=2), NOW, 3)
    assert ill_for(NOW - timedelta(minutes=3), NOW, 3)
