"""Which pull requests are validated, which validations are stopped, which labels come off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.pull_permission import LabelEvent, SeenHead
from deploy_pipeline.core.pull_requests import (
    Cancel,
    Decision,
    Look,
    PullCursor,
    Run,
    Validate,
    Withdraw,
    decide,
    in_question,
    people,
    read_pull_cursor,
)

WATCHED = "acme/app@main#ok-to-test"
LABEL, US = "ok-to-test", "app[bot]"
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
OLD, NEW, OTHER = "a" * 40, "b" * 40, "d" * 40
OURS = PullRequest(1, "Ours", "ada", "https://github.test/pull/1", OLD, "topic", "c" * 40, "main")
THEIRS = PullRequest(
    2, "Theirs", "olga", "https://github.test/pull/2", OTHER, "olga:topic", "c" * 40, "main", draft=True
)
LABELLED = replace(THEIRS, labels=(LABEL,))
ADDED = LabelEvent(5, "ada", AT + timedelta(minutes=1), "added")
MAY = "ada may write to the repository"
MAY_NOT = f"olga may not write to the repository, and nobody added the label {LABEL}"
PERMITTED = f"ada added the label {LABEL} to this head"
EARLY = f"the label {LABEL} was there before this head was seen"


def seen(pull: PullRequest, event: int = 0, at: datetime = AT) -> SeenHead:
    return SeenHead(number=pull.number, head=pull.head, at=at, event=event)


def cursor(*heads: SeenHead, etag: str = "") -> PullCursor:
    return PullCursor(watched=WATCHED, etag=etag, heads=heads)


def look(*pulls: PullRequest, events: dict[int, list[LabelEvent]] | None = None) -> Look:
    return Look(pulls, LATER, "tag", events or {}, {"ada": "write", "olga": "read"})


def run(pull: PullRequest, *, authorised: bool, active: bool = True, run_id: str = "run") -> Run:
    return Run(pull.number, pull.head, authorised, run_id, active)


def decided(before: PullCursor, now: Look, *runs: Run) -> Decision:
    return decide(before, now, runs, LABEL, US)


def test_every_open_pull_request_is_validated_drafts_too() -> None:
    assert decided(cursor(), look(OURS, THEIRS)) == Decision(
        validate=(Validate(OURS, True, MAY), Validate(THEIRS, False, MAY_NOT)),
        cancel=(),
        withdraw=(),
        cursor=cursor(seen(OURS, at=LATER), seen(THEIRS, at=LATER)),
    )


def test_nothing_to_do_keeps_the_etag() -> None:
    before = cursor(seen(OURS), seen(THEIRS))
    runs = [run(OURS, authorised=True), run(THEIRS, authorised=False, active=False)]
    assert decided(before, look(OURS, THEIRS), *runs) == Decision((), (), (), replace_etag(before))


def replace_etag(before: PullCursor) -> PullCursor:
    return before.model_copy(update={"etag": "tag"})


def test_a_newer_head_replaces_the_run_of_the_older_one() -> None:
    pushed = replace(OURS, head=NEW)
    runs = [run(OURS, authorised=True, run_id="old"), run(OURS, authorised=True, run_id="done", active=False)]
    assert decided(cursor(seen(OURS)), look(pushed), *runs) == Decision(
        validate=(Validate(pushed, True, MAY),),
        cancel=(Cancel("old", f"a newer head came: {NEW[:12]}"),),
        withdraw=(),
        cursor=cursor(seen(pushed, at=LATER)),
    )


def test_a_closed_pull_request_is_forgotten_and_its_run_stopped() -> None:
    decision = decided(cursor(seen(OURS)), look(), run(OURS, authorised=True))
    assert decision == Decision((), (Cancel("run", "pull request 1 is not open any more"),), (), cursor())


def test_a_label_replaces_the_run_by_one_that_may_do_more() -> None:
    before = cursor(seen(THEIRS, event=4))
    decision = decided(before, look(LABELLED, events={2: [ADDED]}), run(THEIRS, authorised=False))
    assert decision == Decision(
        validate=(Validate(LABELLED, True, PERMITTED),),
        cancel=(Cancel("run", f"more is permitted now: {PERMITTED}"),),
        withdraw=(),
        cursor=before,
    )


def test_a_push_takes_the_permission_and_the_label_away() -> None:
    pushed = replace(LABELLED, head=NEW)
    decision = decided(cursor(seen(THEIRS, event=4)), look(pushed, events={2: [ADDED]}), run(THEIRS, authorised=True))
    assert decision == Decision(
        validate=(Validate(pushed, False, EARLY),),
        cancel=(Cancel("run", f"a newer head came: {NEW[:12]}"),),
        withdraw=(Withdraw(2, LABEL, EARLY),),
        cursor=cursor(seen(pushed, event=5, at=LATER)),
    )


def test_a_label_that_is_taken_off_stops_what_it_permitted() -> None:
    before = cursor(seen(THEIRS, event=4))
    decision = decided(before, look(THEIRS), run(THEIRS, authorised=True))
    assert decision == Decision(
        validate=(Validate(THEIRS, False, MAY_NOT),),
        cancel=(Cancel("run", f"less is permitted now: {MAY_NOT}"),),
        withdraw=(),
        cursor=before,
    )


def test_what_was_done_with_permission_is_not_done_again_without() -> None:
    before = cursor(seen(THEIRS, event=4))
    decision = decided(before, look(THEIRS), run(THEIRS, authorised=True, active=False))
    assert decision == Decision((), (), (), replace_etag(before))


def test_a_lag_of_github_stops_nothing_and_is_looked_at_again() -> None:
    before = cursor(seen(THEIRS, event=4))
    assert decided(before, look(LABELLED), run(THEIRS, authorised=True)) == Decision((), (), (), before)


def test_a_head_that_may_have_been_away_begins_anew() -> None:
    moved = LabelEvent(6, "olga", AT + timedelta(minutes=2), "head_moved")
    decision = decided(
        cursor(seen(THEIRS, event=4)), look(LABELLED, events={2: [ADDED, moved]}), run(THEIRS, authorised=False)
    )
    again = cursor(seen(THEIRS, event=6, at=LATER))
    assert decision == Decision((), (), (Withdraw(2, LABEL, EARLY),), again)


TWIN = replace(OURS, number=3)
COPY = replace(THEIRS, number=1, head=OLD)


@pytest.mark.parametrize(
    ("pulls", "runs", "validate", "cancel"),
    [
        pytest.param((OURS, TWIN), [], (Validate(OURS, True, MAY),), (), id="the older one for both"),
        pytest.param((TWIN, OURS), [run(OURS, authorised=True, active=False)], (), (), id="which is enough"),
        pytest.param((TWIN,), [run(OURS, authorised=True, active=False)], (Validate(TWIN, True, MAY),), (), id="alone"),
        pytest.param((COPY, TWIN), [], (Validate(TWIN, True, MAY),), (), id="nobody is held up by an outsider's copy"),
        pytest.param(
            (COPY, TWIN), [run(COPY, authorised=False)], (Validate(TWIN, True, MAY),),
            (Cancel("run", "pull request 3 has the same head: its validation serves both"),), id="a better one came",
        ),
        pytest.param(
            (OURS,), [run(OURS, authorised=True, active=False), run(TWIN, authorised=True, run_id="twin")],
            (Validate(OURS, True, MAY),), (Cancel("twin", "pull request 3 is not open any more"),),
            id="what the other one's stopped run has overwritten is told again",
        ),
        pytest.param(
            (OURS, TWIN), [run(OURS, authorised=True), run(TWIN, authorised=True, run_id="twin")],
            (), (Cancel("twin", "pull request 1 has the same head: its validation serves both"),), id="both run",
        ),
    ],
)  # fmt: skip
def test_one_validation_serves_all_pull_requests_with_a_head(
    pulls: tuple[PullRequest, ...], runs: list[Run], validate: tuple[Validate, ...], cancel: tuple[Cancel, ...]
) -> None:
    decision = decided(cursor(*map(seen, pulls)), look(*pulls), *runs)
    assert (decision.validate, decision.cancel) == (validate, cancel)


def test_a_lag_of_github_does_not_hand_over_to_the_twin() -> None:
    copy = replace(LABELLED, number=4, head=OLD)
    before = cursor(seen(COPY), seen(copy, event=4))
    decision = decided(before, look(COPY, copy), run(copy, authorised=True))
    assert (decision.validate, decision.cancel) == ((), ())


def test_in_question_new_heads_and_labels() -> None:
    pulls = [OURS, THEIRS, replace(LABELLED, number=3), replace(OURS, number=4, head=NEW)]
    known = cursor(
        *(seen(pull if pull.head == OTHER else replace(pull, head=OLD)) for pull in pulls if pull.number != 2)
    )
    assert in_question(known, pulls, LABEL) == (2, 3, 4)


def test_people_authors_and_who_touched_the_label_last() -> None:
    events = {2: [ADDED, replace(ADDED, id=6, actor="timo"), replace(ADDED, id=7, actor="olga", kind="head_moved")]}
    assert people([OURS, THEIRS], {**events, 3: []}) == ("ada", "olga", "timo")


@pytest.mark.parametrize(
    "text",
    [
        None, "", "{}", "nonsense", "\x00",
        '{"version": 2, "watched": "acme/app@main#ok-to-test"}',
        '{"watched": "acme/app@release#ok-to-test"}',
        '{"watched": "acme/app@main#ok-to-test", "heads": [{"number": 1}]}',
        '{"watched": "acme/app@main#ok-to-test", "heads": [{"number":1,"head":"a","at":"2026-01-01","event":0}]}',
    ],
)  # fmt: skip
def test_read_pull_cursor_that_cannot_be_read_starts_anew(text: str | None) -> None:
    assert read_pull_cursor(text, WATCHED) == PullCursor(watched=WATCHED)


def test_read_pull_cursor_reads_what_was_written() -> None:
    written = cursor(seen(OURS), seen(THEIRS, event=9), etag='W/"x"')
    assert read_pull_cursor(written.model_dump_json(), WATCHED) == written
    assert read_pull_cursor(written.model_dump_json().replace('"version"', '"later":1,"version"'), WATCHED) == written
