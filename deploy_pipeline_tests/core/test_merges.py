"""Which commit is deployed next."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy_pipeline.core.merges import Deploy, MergeCursor, Wait, decide, observe, read_cursor, rest, resting

BASE, FIRST, SECOND = "a" * 40, "b" * 40, "c" * 40
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def test_observe_first_look_makes_the_head_the_baseline() -> None:
    assert observe(None, "a/b@main", BASE, 'W/"1"') == MergeCursor(
        watched="a/b@main", baseline=BASE, head=BASE, etag='W/"1"'
    )


def test_observe_later_look_keeps_the_baseline() -> None:
    cursor = observe(MergeCursor(watched="w", baseline=BASE, head=FIRST, etag="1"), "w", SECOND, "2")
    assert cursor == MergeCursor(watched="w", baseline=BASE, head=SECOND, etag="2")


@pytest.mark.parametrize(
    ("head", "launched", "expected"),
    [
        (BASE, False, "watching began at aaaaaaaaaaaa"),
        (BASE, True, "watching began at aaaaaaaaaaaa"),
        (FIRST, True, "no new merge: bbbbbbbbbbbb has its deployment"),
    ],
)
def test_decide_waits(head: str, launched: bool, expected: str) -> None:
    decision = decide(MergeCursor(watched="w", baseline=BASE, head=head), launched)
    assert isinstance(decision, Wait)
    assert decision.reason.startswith(expected)


def test_decide_deploys_until_a_run_is_seen() -> None:
    cursor = MergeCursor(watched="w", baseline=BASE, head=FIRST)
    assert [decide(cursor, launched=False), decide(cursor, launched=False)] == [Deploy(FIRST), Deploy(FIRST)]


@pytest.mark.parametrize("text", [None, "", "{}", "nonsense", '{"baseline": 1}', "\x00"])
def test_read_cursor_that_cannot_be_read_counts_as_none(text: str | None) -> None:
    assert read_cursor(text, "w") is None


def test_read_cursor_reads_what_was_written() -> None:
    cursor = MergeCursor(watched="w", baseline=BASE, head=FIRST, etag='W/"x"')
    assert read_cursor(cursor.model_dump_json(), "w") == cursor


def test_read_cursor_of_another_branch_counts_as_none() -> None:
    cursor = MergeCursor(watched="a/b@main", baseline=BASE, head=FIRST)
    assert read_cursor(cursor.model_dump_json(), "a/b@release") is None


def test_rest_is_as_long_as_github_says_and_an_hour_at_most() -> None:
    cursor = MergeCursor(watched="w", baseline=BASE, head=FIRST, etag="1")
    soon, never = NOW + timedelta(minutes=1), NOW + timedelta(days=365)
    assert rest(cursor, soon, NOW) == cursor.model_copy(update={"rest_until": soon})
    assert rest(cursor, never, NOW).rest_until == NOW + timedelta(hours=1)


def test_rest_survives_being_written_and_ends() -> None:
    written = rest(MergeCursor(watched="w", baseline=BASE, head=FIRST), NOW + timedelta(minutes=1), NOW)
    cursor = read_cursor(written.model_dump_json(), "w")
    assert resting(cursor, NOW) == NOW + timedelta(minutes=1)
    assert resting(cursor, NOW + timedelta(minutes=1)) is None
    assert resting(cursor, NOW - timedelta(days=1)) is None, "the machine's clock was set back"
    assert resting(None, NOW) is None


def test_observe_ends_a_rest() -> None:
    cursor = rest(MergeCursor(watched="w", baseline=BASE, head=BASE), NOW + timedelta(minutes=1), NOW)
    assert observe(cursor, "w", FIRST, "2").rest_until is None
