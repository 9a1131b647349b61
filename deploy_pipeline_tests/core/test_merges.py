"""Which commit is deployed next."""

import pytest

from deploy_pipeline.core.merges import Deploy, MergeCursor, Wait, decide, observe, read_cursor

BASE, FIRST, SECOND = "a" * 40, "b" * 40, "c" * 40


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
