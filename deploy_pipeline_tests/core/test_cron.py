"""Cron expressions: a table, and no expression that Dagster would refuse."""

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy_pipeline.core.cron import cron_problem

FIVE = 'five fields: minute, hour, day of the month, month, day of the week, such as "0 2 * * *"'
FORMS = "(or *, a range 1-5, a step */5, a list 1,3)"


@pytest.mark.parametrize(
    "expression",
    [
        "0 2 * * *",
        "*/5 * * * *",
        "0 9-17/2 * * mon-fri",
        "0,30 0 1,15 * *",
        "0 0 29 2 *",
        "0 0 31 2 7",
        "5 4 * JAN SUN",
    ],
)
def test_cron_problem_valid(expression: str) -> None:
    assert cron_problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", FIVE),
        ("@daily", FIVE),
        ("0 0 2 * * *", FIVE),
        ("60 2 * * *", f'a minute between 0 and 59 in place of "60" {FORMS}'),
        ("0 24 * * *", f'an hour between 0 and 23 in place of "24" {FORMS}'),
        ("0 2 0 * *", f'a day of the month between 1 and 31 in place of "0" {FORMS}'),
        ("0 2 L * *", f'a day of the month between 1 and 31 in place of "l" {FORMS}'),
        ("0 2 * 13 *", f'a month between 1 and 12 in place of "13" {FORMS}'),
        ("0 2 * mon *", f'a month between 1 and 12 in place of "mon" {FORMS}'),
        ("0 2 * * 8", f'a day of the week between 0 and 7 in place of "8" {FORMS}'),
        ("*/0 2 * * *", f'a minute between 0 and 59 in place of "*/0" {FORMS}'),
        ("5/10 2 * * *", f'a minute between 0 and 59 in place of "5/10" {FORMS}'),
        ("30-10 2 * * *", f'a minute between 0 and 59 in place of "30-10" {FORMS}'),
        ("1,,2 2 * * *", f'a minute between 0 and 59 in place of "1,,2" {FORMS}'),
        ("0 0 30 2 *", 'a date that exists: day "30" never comes in month "2"'),
        ("0 0 31 4,6 *", 'a date that exists: day "31" never comes in month "4,6"'),
    ],
)
def test_cron_problem_invalid(expression: str, problem: str) -> None:
    assert cron_problem(expression) == problem


def _field(low: int, high: int, names: list[str]) -> st.SearchStrategy[str]:
    value = st.integers(low, high).map(str) | (st.sampled_from(names) if names else st.nothing())
    span = st.tuples(value, value).map("-".join)
    step = st.integers(1, 70).map(lambda number: f"/{number}")
    item = value | span | st.just("*") | st.tuples(span | st.just("*"), step).map("".join)
    return st.lists(item, min_size=1, max_size=3).map(",".join)


EXPRESSIONS = st.tuples(
    _field(0, 60, []),
    _field(0, 24, []),
    _field(0, 32, []),
    _field(0, 13, ["jan", "feb", "dec"]),
    _field(0, 8, ["sun", "mon", "SAT"]),
).map(" ".join)


@given(EXPRESSIONS)
def test_cron_problem_accepts_only_what_dagster_accepts(expression: str) -> None:
    if cron_problem(expression) is None:
        dg.ScheduleDefinition(name="nightly", job_name="nightly_e2e_job", cron_schedule=expression)
