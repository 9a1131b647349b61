"""bandit 1.9: what its real report amounts to, alone and against the base's."""

import json
from dataclasses import replace
from typing import Any

import pytest

from deploy_pipeline.core.checks import bandit
from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, skipped
from deploy_pipeline.core.checks.outcome import unreadable
from deploy_pipeline.core.spec_python_checks import BanditCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

SHELL: dict[str, Any] = {
    "code": "4 def run(a):\n5     subprocess.call(a, shell=True)\n",
    "filename": "./sec.py",
    "issue_confidence": "HIGH",
    "issue_severity": "HIGH",
    "issue_text": "subprocess call with shell=True identified, security issue.",
    "line_number": 5,
    "test_id": "B602",
    "test_name": "subprocess_popen_with_shell_equals_true",
}
ASSERT: dict[str, Any] = SHELL | {
    "issue_severity": "LOW",
    "test_id": "B101",
    "issue_text": "Use of assert.",
    "line_number": 6,
}
HIGH = Finding("B602", SHELL["issue_text"], path="sec.py", line=5, severity="HIGH")
LOW = Finding("B101", "Use of assert.", "notice", "sec.py", 6, blocks=False, severity="LOW")
UNPARSED = {"filename": "./syntax.py", "reason": "syntax error while parsing AST from file"}
NOT_LOOKED_AT = Finding("unreadable", "not looked at: syntax error while parsing AST from file", path="syntax.py")
SPEC = BanditCheck()


def report(*results: dict[str, Any], errors: tuple[dict[str, Any], ...] = (), loc: int = 5) -> bytes:
    return json.dumps({"errors": errors, "metrics": {"_totals": {"loc": loc}}, "results": results}).encode()


def assess(content: bytes | None, base: bandit.Read | None = None, returncode: int = 1) -> Assessment:
    return bandit.assess(SPEC, finished(returncode=returncode), content, "/checkout", base)


def test_no_configuration_but_the_one_that_is_named_counts() -> None:
    assert bandit.argv(BanditCheck(arguments=("-lll",)), PLACES, "/scratch/r.json", "/dev/null") == (
        "/opt/tools/bin/bandit", "-lll", "--recursive", "--quiet", "--format=json", "--output=/scratch/r.json",
        "--ini=/dev/null", "--", ".",
    )  # fmt: skip


def test_new_findings_of_the_severities_block() -> None:
    content = report(SHELL, ASSERT)
    assert assess(content) == Assessment(
        "failed",
        "1 new finding that must be fixed",
        (HIGH, LOW),
        facts={"found": 2, "new": 1, "lines": 5},
        reports=(Report("bandit.json", content),),
    )


def test_findings_of_the_base_are_known_wherever_they_have_moved() -> None:
    content = report(SHELL, ASSERT)
    assert assess(content, ((replace(HIGH, line=90),), 5)) == Assessment(
        "passed",
        "5 lines looked at: nothing that blocks (1 minor, 1 known)",
        (replace(HIGH, known=True, blocks=False), LOW),
        facts={"found": 2, "new": 0, "lines": 5},
        reports=(Report("bandit.json", content),),
    )


def test_a_file_that_cannot_be_parsed_fails_although_bandit_returns_0() -> None:
    content = report(errors=(UNPARSED,), loc=0)
    assessment = assess(content, returncode=0)
    assert (assessment.state, assessment.findings) == ("failed", (NOT_LOOKED_AT,))
    assert assess(content, ((NOT_LOOKED_AT,), 0), returncode=0).state == "passed"


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"results": [], "errors": [], "metrics": {}}',
        report(SHELL | {"issue_text": None}),
        report(SHELL | {"line_number": "x"}),
        report({"test_id": "B602"}),
        report(SHELL)[:100],
        report(),
    ],
)
def test_no_report_is_never_a_pass(content: bytes | None) -> None:
    outcome = finished(returncode=1)
    assert assess(content) == unreadable("bandit", outcome)


def test_other_ends() -> None:
    assert assess(report(loc=0), returncode=0) == skipped("bandit found no Python files")
    assert assess(report(loc=9), returncode=0).state == "passed"
    assert assess(report(SHELL), returncode=2).state == "broken"
    assert assess(None, returncode=0).state == "broken"
