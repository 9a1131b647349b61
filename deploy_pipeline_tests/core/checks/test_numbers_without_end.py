"""`1e999` is a number of JSON and no number of Python: a report with one is unreadable, and raises nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from deploy_pipeline.core.checks import bandit, checkov, hadolint
from deploy_pipeline.core.spec import ChecksSpec

SPEC = ChecksSpec()
ENDLESS = json.loads("1e999")
BANDIT = {"issue_severity": "HIGH", "test_id": "B1", "issue_text": "x", "filename": "a.py", "line_number": ENDLESS}
TOTALS = {"results": [], "errors": [], "metrics": {"_totals": {"loc": ENDLESS}}}
HADOLINT = {"line": ENDLESS, "code": "DL1", "message": "m", "file": "Dockerfile", "level": "error"}
CHECKOV = {"passed": ENDLESS, "failed": 1, "skipped": 0, "parsing_errors": 0}


@pytest.mark.parametrize(
    ("parse", "report"),
    [
        (lambda text: bandit.parse(SPEC.bandit, text.encode(), "/c"), {**TOTALS, "results": [BANDIT]}),
        (lambda text: bandit.parse(SPEC.bandit, text.encode(), "/c"), TOTALS),
        (lambda text: hadolint.parse(SPEC.hadolint, text, "/c", 1), [HADOLINT]),
        (lambda text: checkov.parse(SPEC.checkov, text, "/c"), {"results": {"failed_checks": []}, "summary": CHECKOV}),
    ],
)
def test_a_number_without_end_is_no_report(parse: Callable[[str], Any], report: Any) -> None:
    assert parse(json.dumps(report).replace("Infinity", "1e999")) is None
