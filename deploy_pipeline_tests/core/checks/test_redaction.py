"""Credentials in what a program printed."""

from deploy_pipeline.core.checks.redaction import SHOWN_INSTEAD, redacted, redacted_outcome, redacting
from deploy_pipeline.core.isolation import Outcome

KEY, LONGER = "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE/more"


def test_every_credential_is_replaced_and_short_words_are_not() -> None:
    assert (
        redacted(f"a {KEY}, {LONGER}; test", (KEY, LONGER, "test", "")) == f"a {SHOWN_INSTEAD}, {SHOWN_INSTEAD}; test"
    )


def test_both_outputs_and_every_line() -> None:
    outcome = Outcome("finished", 0, f"out {KEY}", f"err {KEY}", 1.0)
    shown = Outcome("finished", 0, f"out {SHOWN_INSTEAD}", f"err {SHOWN_INSTEAD}", 1.0)
    assert redacted_outcome(outcome, (KEY,)) == shown
    lines: list[str] = []
    redacting(lines.append, (KEY,))(f"line {KEY}")
    assert lines == [f"line {SHOWN_INSTEAD}"]
