"""Whether a pull request's head may be planned and built."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.pull_permission import LabelEvent, Permission, Permit, SeenHead, permit_of

LABEL = "ok-to-test"
US = "sandbox"
HEAD = "a" * 40
SEEN_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
ADDED_AT = SEEN_AT + timedelta(seconds=60)
LOOKED_AT = ADDED_AT + timedelta(seconds=60)
SEEN = SeenHead(number=7, head=HEAD, at=SEEN_AT, event=10)
PULL = PullRequest(7, "Add", "olga", "https://github.test/pull/7", HEAD, "olga:topic", "b" * 40, "main")
LABELLED = replace(PULL, labels=("bug", LABEL))
PERMISSIONS: dict[str, Permission] = {
    "ada": "write", "maria": "maintain", "root": "admin", "timo": "triage", "olga": "read", US: "admin",
    "app[bot]": "admin",
}  # fmt: skip
WITHOUT = Permit(False, f"olga may not write to the repository, and nobody added the label {LABEL}")
BEFORE = Permit(False, f"the label {LABEL} was there before this head was seen", withdraw=True)
UNKNOWN = Permit(False, f"GitHub does not yet say who added the label {LABEL}", settled=False)


def event(
    number: int,
    actor: str = "maria",
    kind: Literal["added", "removed", "head_moved"] = "added",
    at: datetime = ADDED_AT,
) -> LabelEvent:
    return LabelEvent(number, actor, at, kind)


def judged(pull: PullRequest, seen: SeenHead | None, *events: LabelEvent, looked_at: datetime = LOOKED_AT) -> Permit:
    return permit_of(pull, seen, events, PERMISSIONS, LABEL, looked_at, US)


@pytest.mark.parametrize(
    ("author", "branch", "expected"),
    [
        ("ada", "topic", True),
        ("maria", "topic", True),
        ("root", "topic", True),
        ("timo", "topic", False),
        ("olga", "topic", False),
        ("ghost", "topic", False),
    ],
)
def test_permit_of_an_author(author: str, branch: str, expected: bool) -> None:
    pull = replace(PULL, author=author, head_branch=branch)
    without = f"{author} may not write to the repository, and nobody added the label {LABEL}"
    why = f"{author} may write to the repository" if expected else without
    assert judged(pull, None) == Permit(expected, why)


@pytest.mark.parametrize("owner", ["ada", "olga"])
def test_permit_of_a_writers_fork_needs_the_label(owner: str) -> None:
    """Who else may push there is not known."""
    pull = replace(PULL, author="ada", head_branch=f"{owner}:topic")
    assert judged(pull, None) == Permit(
        False, f"the branch is in the fork of {owner}, and nobody added the label {LABEL}"
    )


def test_permit_of_a_writer_needs_no_label_and_leaves_it_alone() -> None:
    pull = replace(LABELLED, author="ada", head_branch="topic")
    assert judged(pull, None, event(11)) == Permit(True, "ada may write to the repository")


@pytest.mark.parametrize("actor", ["ada", "maria", "root"])
def test_permit_by_label_of_a_writer(actor: str) -> None:
    expected = Permit(True, f"{actor} added the label {LABEL} to this head")
    assert judged(LABELLED, SEEN, event(11, actor)) == expected
    assert judged(replace(PULL, labels=("OK-to-Test",)), SEEN, event(11, actor)) == expected


@pytest.mark.parametrize("actor", ["timo", "olga", "ghost", US, US.upper(), "app[bot]"])
def test_permit_by_label_of_anybody_else_does_not_count(actor: str) -> None:
    expected = Permit(False, f"{actor}, who added the label {LABEL}, may not permit that", withdraw=True)
    assert judged(LABELLED, SEEN, event(11, actor)) == expected


@pytest.mark.parametrize(
    ("pull", "seen", "events", "expected"),
    [
        pytest.param(PULL, SEEN, [event(11)], WITHOUT, id="label is off, whatever the events say"),
        pytest.param(LABELLED, None, [event(11)], BEFORE, id="an empty cursor knows nothing"),
        pytest.param(LABELLED, SEEN.model_copy(update={"head": "c" * 40}), [event(11)], BEFORE, id="a new head"),
        pytest.param(LABELLED, SEEN, [event(10)], BEFORE, id="the last event that was known"),
        pytest.param(LABELLED, SEEN, [event(11, at=SEEN_AT)], BEFORE, id="an old event that GitHub told of late"),
        pytest.param(LABELLED, SEEN, [], UNKNOWN, id="events lag behind the list"),
        pytest.param(LABELLED, SEEN, [event(11), event(12, kind="removed")], UNKNOWN, id="removed, list lags"),
        pytest.param(LABELLED, SEEN, [event(11), event(12, kind="head_moved")], BEFORE, id="moved away and back"),
        pytest.param(LABELLED, SEEN, [event(11, kind="head_moved"), event(12)], BEFORE, id="moved before the label"),
        pytest.param(
            LABELLED, SEEN, [event(9, kind="head_moved"), event(12)],
            Permit(True, f"maria added the label {LABEL} to this head"), id="moved before it was seen",
        ),
        pytest.param(
            LABELLED, SEEN, [event(11), event(12, kind="removed"), event(13, "timo")],
            Permit(False, f"timo, who added the label {LABEL}, may not permit that", withdraw=True),
            id="a maintainer took it off, a triager put it on again",
        ),
    ],
)  # fmt: skip
def test_permit_by_label(pull: PullRequest, seen: SeenHead | None, events: list[LabelEvent], expected: Permit) -> None:
    assert judged(pull, seen, *events) == expected


@pytest.mark.parametrize(("seconds", "counts"), [(1, False), (59, False), (60, True)])
def test_permit_by_a_label_that_came_right_after_the_head(seconds: int, counts: bool) -> None:
    added = event(11, at=SEEN_AT + timedelta(seconds=seconds))
    why = f"the label {LABEL} was added within 60 seconds of this head: look at it, then add it again"
    soon = Permit(False, why, withdraw=True)
    expected = Permit(True, f"maria added the label {LABEL} to this head") if counts else soon
    assert judged(LABELLED, SEEN, added) == expected


@pytest.mark.parametrize("seconds", [-60, 0, 5])
def test_permit_by_a_fresh_label_waits(seconds: int) -> None:
    looked_at = ADDED_AT + timedelta(seconds=seconds)
    expected = Permit(False, f"the label {LABEL} was added just now", settled=False)
    assert judged(LABELLED, SEEN, event(11), looked_at=looked_at) == expected
    assert judged(LABELLED, SEEN, event(11), looked_at=ADDED_AT + timedelta(seconds=6)).authorised
