"""`terraform validate -json`, format 1.0."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.terraform_validate import assess
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline_tests.fakes.fake_isolation import finished

ROOT = "/scratch/tree"
ERROR = {
    "severity": "error",
    "summary": "Unsupported argument",
    "detail": 'An argument named "buckett" is not expected here. Did you mean "bucket"?',
    "range": {"filename": "../modules/m/x.tf", "start": {"line": 2}, "end": {"line": 2}},
}
WARNING = {"severity": "warning", "summary": "Deprecated attribute", "detail": ""}
SAID = 'Unsupported argument: An argument named "buckett" is not expected here. Did you mean "bucket"?'


def report(*diagnostics: dict[str, Any], valid: bool) -> Outcome:
    text = json.dumps({"format_version": "1.0", "valid": valid, "diagnostics": diagnostics})
    return finished(text, returncode=0 if valid else 1)


def test_assess_valid() -> None:
    found = Finding("terraform-validate", "Deprecated attribute", "warning", blocks=False)
    assert assess(report(WARNING, valid=True), ROOT, "tf/main") == Assessment("passed", "tf/main is valid", (found,))


def test_assess_invalid() -> None:
    found = Finding("terraform-validate", SAID, path="tf/modules/m/x.tf", line=2, end_line=2)
    expected = Assessment("failed", "tf/modules/m/x.tf:2: Unsupported argument", (found,))
    assert assess(report(ERROR, valid=False), ROOT, "tf/main") == expected


@pytest.mark.parametrize(
    "outcome",
    [
        finished(),
        finished("[]"),
        finished("{}"),
        finished('{"valid": true, "diagnostics": {}}'),
        finished('{"valid": "yes", "diagnostics": []}'),
        finished('{"valid": true, "diagnostics": []}', returncode=1),
        finished('{"valid": true, "diagnostics": []}', returncode=2),
        finished("[" * 100_000),
        report(valid=False),
    ],
)
def test_assess_never_passes_what_is_not_a_report(outcome: Outcome) -> None:
    assert assess(outcome, ROOT, "tf/main").state == "broken"
