"""Whether an answer passes a smoke test."""

import pytest

from deploy_pipeline.core.smoke import EXCERPT, Judgement, excerpt, judge_all, judge_answer
from deploy_pipeline.core.spec import Expectation


@pytest.mark.parametrize(
    ("expect", "status", "body", "expected"),
    [
        (Expectation(), 200, "", Judgement(True, "status 200")),
        (Expectation(status_code=202), 202, "x", Judgement(True, "status 202")),
        (Expectation(), 500, "no\n luck", Judgement(False, "status 500, expected 200: no luck")),
        (Expectation(body_contains="ok"), 200, "it is ok", Judgement(True, "status 200")),
        (Expectation(body_contains="ok"), 200, "bad", Judgement(False, "the body does not contain 'ok': bad")),
        (Expectation(body_contains="ok"), 500, "ok", Judgement(False, "status 500, expected 200: ok")),
    ],
)
def test_judge_answer(expect: Expectation, status: int, body: str, expected: Judgement) -> None:
    assert judge_answer(expect, status, body) == expected


def test_judge_all_without_any_answer_fails() -> None:
    assert judge_all({}) == Judgement(False, "nothing is running that could answer")


def test_judge_all_names_each_failure() -> None:
    judgements = {"one": Judgement(True, "status 200"), "two": Judgement(False, "status 500")}
    assert judge_all(judgements) == Judgement(False, "two: status 500")


def test_judge_all_passes_when_every_one_does() -> None:
    assert judge_all({"one": Judgement(True, "status 200")}) == Judgement(True, "1 of 1 answered")


def test_excerpt_cuts_a_long_body_to_one_short_line() -> None:
    text = excerpt("a\n" * 1000)
    assert len(text) == EXCERPT
    assert "\n" not in text
    assert text.endswith("…")
