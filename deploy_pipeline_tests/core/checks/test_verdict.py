"""What results mean together, and what GitHub is told of one."""

import pytest

from deploy_pipeline.core.checks.assessment import CheckResult, State
from deploy_pipeline.core.checks.verdict import (
    Verdict,
    check_run_of,
    display_name,
    in_words,
    overall_status,
    status_of,
    verdict,
)


def a_result(check: str, state: State, required: bool = True, summary: str = "why") -> CheckResult:
    return CheckResult(check, state, summary, required)


PASSED = a_result("black", "passed")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((), Verdict("incomplete", "no check has run")),
        ((PASSED,), Verdict("passed", "1 of 1 check passed")),
        ((a_result("black", "skipped"),), Verdict("passed", "nothing to check: 1 check skipped")),
        (
            (PASSED, a_result("pip_audit", "failed"), a_result("cost", "waiting")),
            Verdict("failed", "pip-audit failed; 1 of 3 checks passed, 1 failed, 1 waiting", ("pip_audit",)),
        ),
        (
            (PASSED, a_result("mypy", "broken")),
            Verdict("failed", "mypy could not run; 1 of 2 checks passed, 1 could not run", ("mypy",)),
        ),
        (
            (PASSED, a_result("terraform_plan", "waiting"), a_result("cost", "not_audited")),
            Verdict(
                "incomplete",
                "terraform-plan waiting; cost not audited; 1 of 3 checks passed, 1 waiting, 1 not audited",
                ("terraform_plan", "cost"),
            ),
        ),
        (
            (PASSED, *(a_result("safety", state, False) for state in ("failed", "broken", "waiting", "not_audited"))),
            Verdict("passed", "1 of 5 checks passed, 1 failed, 1 could not run, 1 waiting, 1 not audited"),
        ),
    ],
)
def test_verdict(results: tuple[CheckResult, ...], expected: Verdict) -> None:
    assert verdict(results) == expected


@pytest.mark.parametrize(
    ("state", "required", "status", "run"),
    [
        ("passed", True, ("success", "why"), ("completed", "success", "why")),
        ("passed", False, ("success", "why"), ("completed", "success", "why")),
        ("failed", True, ("failure", "why"), ("completed", "failure", "why")),
        (
            "failed",
            False,
            ("success", "why (does not block)"),
            ("completed", "neutral", "why (does not block)"),
        ),
        ("not_audited", True, ("error", "not audited: why"), ("completed", "neutral", "not audited: why")),
        (
            "not_audited",
            False,
            ("error", "not audited: why (does not block)"),
            ("completed", "neutral", "not audited: why (does not block)"),
        ),
        ("waiting", True, ("pending", "waiting: why"), ("completed", "action_required", "waiting: why")),
        ("skipped", True, ("success", "skipped: why"), ("completed", "skipped", "skipped: why")),
        ("broken", True, ("error", "could not run: why"), ("completed", "failure", "could not run: why")),
        (
            "broken",
            False,
            ("error", "could not run: why (does not block)"),
            ("completed", "neutral", "could not run: why (does not block)"),
        ),
    ],
)
def test_status_and_check_run(state: State, required: bool, status: tuple[str, str], run: tuple[str, str, str]) -> None:
    result = a_result("black", state, required)
    assert (status_of(result), check_run_of(result)) == (status, run)


def test_a_description_is_one_line_of_140_characters_that_keeps_whether_it_blocks() -> None:
    state, description = status_of(a_result("black", "failed", False, "a\n\x1b[31m\u202eb" * 1000))
    assert (state, len(description), description[:10], description[-17:]) == (
        "success",
        140,
        "a [31m ba ",
        "… (does not block)"[1:],
    )
    assert in_words(a_result("black", "broken", summary="line\nfeed")) == "could not run: line feed"


def test_display_name() -> None:
    assert display_name("pip_audit") == "deploy-pipeline/pip-audit"


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (Verdict("passed", "all"), ("success", "all")),
        (Verdict("failed", "one\nfailed"), ("failure", "one failed")),
        (Verdict("incomplete", "x" * 200), ("pending", "x" * 139 + "…")),
    ],
)
def test_overall_status(judged: Verdict, expected: tuple[str, str]) -> None:
    assert overall_status(judged) == expected
