"""What people say while something bakes: for what it counts, and when it is refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, Said, Word
from deploy_pipeline.core.ledger.word import in_words, listening, said, silent, word_for
from deploy_pipeline_tests.samples import a_commit

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
IDLE = Deployment("abc-run1", "deployment", "production", "run1", a_commit(), NOW)
FUNCTIONS, SERVICE = "functions", "service inference"


def by_grace(deployment: Deployment, what: Said = "promote") -> Deployment:
    return said(deployment, what, by=" grace ", reason="the numbers are fine ", now=NOW)


def test_a_word_is_for_all_that_bakes_when_it_is_said() -> None:
    changed = by_grace(listening(listening(IDLE, SERVICE), "service training"))
    (word,) = changed.words
    assert word == Word("promote", "grace", "the numbers are fine", NOW, (SERVICE, "service training"))
    assert in_words(word) == "promote, by grace: the numbers are fine"
    later = listening(silent(changed, SERVICE), FUNCTIONS)
    assert (word_for(later, "service training"), word_for(later, FUNCTIONS)) == (word, None)


def test_what_bakes_later_may_be_decided_otherwise() -> None:
    first = by_grace(listening(IDLE, SERVICE))
    second = by_grace(listening(silent(first, SERVICE), FUNCTIONS), "roll_back")
    assert [(word.what, word.bakes) for word in second.words] == [
        ("promote", (SERVICE,)), ("roll_back", (FUNCTIONS,))
    ]  # fmt: skip


def test_a_word_on_an_earlier_bake_is_not_taken_for_a_later_one_of_the_name() -> None:
    again = listening(silent(by_grace(listening(IDLE, SERVICE)), SERVICE), SERVICE)
    assert (word_for(again, SERVICE), again.baking, again.words[0].what) == (None, (SERVICE,), "promote")


def test_what_begins_while_something_bakes_that_is_decided_may_be_decided() -> None:
    both = by_grace(listening(by_grace(listening(IDLE, SERVICE)), FUNCTIONS))
    assert [word.bakes for word in both.words] == [(SERVICE,), (FUNCTIONS,)]


@pytest.mark.parametrize(
    ("deployment", "by", "reason", "words"),
    [
        (IDLE, "grace", "fine", "run run1: nothing bakes in abc-run1 now: there is nothing to promote"),
        (silent(by_grace(listening(IDLE, SERVICE)), SERVICE), "grace", "fine", "nothing bakes in abc-run1 now"),
        (by_grace(listening(IDLE, SERVICE)), "ada", "no", "decided already: promote, by grace: the numbers are fine"),
        (listening(IDLE, SERVICE), " ", "fine", "a decision needs a name and a reason"),
        (listening(IDLE, SERVICE), "grace", "", "a decision needs a name and a reason"),
    ],
)
def test_it_is_refused(deployment: Deployment, by: str, reason: str, words: str) -> None:
    with pytest.raises(DeployError) as raised:
        said(deployment, "promote", by=by, reason=reason, now=NOW)
    assert words in str(raised.value)


def test_a_bake_is_named_once() -> None:
    assert listening(listening(IDLE, SERVICE), SERVICE) == replace(IDLE, baking=(SERVICE,))
