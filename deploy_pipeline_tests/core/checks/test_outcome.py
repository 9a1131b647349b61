"""A program that did not end by itself has failed, with the limit in plain words."""

import pytest

from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.outcome import crashed, unfinished, unreadable
from deploy_pipeline.core.isolation import Ending, Limits, Outcome


@pytest.mark.parametrize(
    ("ending", "returncode", "expected"),
    [
        ("finished", 0, None),
        ("finished", 1, None),
        ("finished", 137, Assessment("failed", "it was killed (256 MiB of memory, 64 processes)")),
        ("finished", -9, Assessment("failed", "it was killed (256 MiB of memory, 64 processes)")),
        ("timed_out", None, Assessment("failed", "it did not end within 2.5 minutes and was stopped")),
        ("out_of_memory", None, Assessment("failed", "it used more than its 256 MiB of memory and was stopped")),
        ("died", None, Assessment("failed", "its box was stopped before it ended")),
    ],
)
def test_unfinished(ending: Ending, returncode: int | None, expected: Assessment | None) -> None:
    assert unfinished(Outcome(ending, returncode, "", "", 1.0), 2.5, Limits(256, 1, 64)) == expected


def test_crashed_and_unreadable_say_what_the_tool_said_on_one_clean_line() -> None:
    outcome = Outcome("finished", 3, "", "Traceback:\n\x1b[31mboom", 1.0)
    assert crashed("black", outcome) == Assessment(
        "broken", "black itself failed with return code 3: Traceback: [31mboom"
    )
    assert unreadable("black", outcome) == Assessment(
        "broken", "the report of black cannot be read (return code 3): Traceback: [31mboom"
    )
    silent = Outcome("finished", 0, "{", "", 1.0, truncated=True)
    assert unreadable("black", silent) == Assessment(
        "broken", "the report of black is longer than its limit (return code 0)"
    )
