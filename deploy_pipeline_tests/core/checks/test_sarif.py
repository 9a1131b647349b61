"""Reading SARIF: a log of the real Trivy, and what is no log."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.sarif import read_sarif


def a_log(result: dict[str, Any] | None = None, **changes: Any) -> str:
    found = {"ruleId": "R", "level": "error", "message": {"text": "m"}, **(result or {})}
    run: dict[str, Any] = {"tool": {"driver": {"name": "t"}}, "results": [found]}
    return json.dumps({"version": "2.1.0", "runs": [run], **changes})


def at(uri: str, **region: int) -> dict[str, Any]:
    return {"locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}]}


# Trivy 0.76: trivy config --format sarif, with one rule and its result left and the long texts cut.
TRIVY = """
{"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{
  "tool": {"driver": {"name": "Trivy", "fullName": "Trivy Vulnerability Scanner", "rules": [{
    "id": "AWS-0086", "name": "Misconfiguration", "shortDescription": {"text": "S3 Access block should block"},
    "defaultConfiguration": {"level": "error"}, "helpUri": "https://avd.aquasec.com/misconfig/aws-0086",
    "properties": {"precision": "very-high", "security-severity": "8.0", "tags": ["security", "HIGH"]}}]}},
  "results": [{"ruleId": "AWS-0086", "ruleIndex": 0, "level": "error",
    "message": {"text": "Artifact: main.tf\\nType: terraform\\nSeverity: HIGH\\nMessage: No public access block"},
    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "main.tf", "uriBaseId": "ROOTPATH"},
      "region": {"startLine": 1, "startColumn": 1, "endLine": 3, "endColumn": 1}}, "message": {"text": "main.tf"}}]}],
  "columnKind": "utf16CodeUnits", "originalUriBaseIds": {"ROOTPATH": {"uri": "file:///checkout/"}}}]}
"""


def test_read_sarif_of_trivy() -> None:
    assert read_sarif(TRIVY) == (
        Finding(
            "AWS-0086",
            "Artifact: main.tf Type: terraform Severity: HIGH Message: No public access block",
            path="main.tf",
            line=1,
            end_line=3,
            severity="HIGH",
        ),
    )


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({}, Finding("R", "m")),
        ({"level": "note"}, Finding("R", "m", "notice")),
        ({"suppressions": [{"kind": "inSource"}]}, Finding("R", "m", blocks=False)),
        (at("file:///checkout/a%20b.py", startLine=2), Finding("R", "m", path="a b.py", line=2, end_line=2)),
        (at("../../etc/passwd", startLine=2), Finding("R", "m", line=2, end_line=2)),
        (at("file:///etc/passwd"), Finding("R", "m")),
        (at("a.py", startLine=-4), Finding("R", "m", path="a.py")),
    ],
)
def test_read_sarif_of_one_result(result: dict[str, Any], expected: Finding) -> None:
    assert read_sarif(a_log(result)) == (expected,)


def test_read_sarif_of_a_run_without_results_has_no_findings() -> None:
    assert read_sarif(a_log(runs=[{"tool": {"driver": {}}, "results": []}])) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        '{"version": "2.1.0", "runs": []}',
        a_log(version="1.0.0"),
        a_log(version=2),
        a_log(runs=[{"tool": {"driver": {}}, "results": None}]),
        a_log(runs=[{"tool": {"driver": {}}}]),
        a_log(runs={"a": 1}),
        a_log({"level": "fatal"}),
        a_log({"level": ["error"]}),
        a_log({"message": {}}),
        a_log({"ruleId": 7}),
        a_log({"locations": [{}]}),
        a_log(at("a.py", startLine=10) | {"locations": "x"}),
        a_log(at("http://[x")),
        a_log() + "garbage",
        '{"version": "2.1.0", "runs": [' + " " * 17_000_000 + "]}",
    ],
    ids=range(20),
)
def test_read_sarif_takes_nothing_for_no_findings(text: str) -> None:
    assert read_sarif(text) is None
