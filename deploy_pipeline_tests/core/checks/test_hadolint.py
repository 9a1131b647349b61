"""hadolint 2.15: parts of its real report."""

import json

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.hadolint import argv, parse
from deploy_pipeline.core.checks.misconfiguration import Read
from deploy_pipeline.core.spec_infrastructure_checks import HadolintCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES

ITEMS = [
    {"code": "DL3020", "column": 1, "file": "./fargate/Dockerfile", "level": "error", "line": 3, "message": "Use COPY"},
    {"code": "DL3008", "column": 1, "file": "./fargate/Dockerfile", "level": "warning", "line": 2, "message": "Pin"},
    {"code": "DL3015", "column": 1, "file": "./fargate/Dockerfile", "level": "info", "line": 2, "message": "Avoid"},
]
PATH = "fargate/Dockerfile"


def test_parse() -> None:
    assert parse(HadolintCheck(), json.dumps(ITEMS), "/checkout", 2) == Read(
        (
            Finding("DL3020", "Use COPY", "error", PATH, 3, severity="error"),
            Finding("DL3008", "Pin", "warning", PATH, 2, blocks=False, severity="warning"),
            Finding("DL3015", "Avoid", "notice", PATH, 2, blocks=False, severity="info"),
        ),
        2,
    )
    assert parse(HadolintCheck(), "[]", "/checkout", 2) == Read((), 2)


@pytest.mark.parametrize(("threshold", "blocking"), [("error", 1), ("warning", 2), ("info", 3), ("style", 3)])
def test_failure_threshold(threshold: str, blocking: int) -> None:
    spec = HadolintCheck.model_validate({"failure_threshold": threshold})
    read = parse(spec, json.dumps(ITEMS), "/checkout", 1)
    assert read is not None
    assert sum(finding.blocks for finding in read.findings) == blocking


@pytest.mark.parametrize("report", ["", "{}", "null", "[1]", "[{}]", "[" * 100_000])
def test_parse_refuses_what_is_no_report(report: str) -> None:
    assert parse(HadolintCheck(), report, "/checkout", 1) is None


def test_argv_keeps_file_names_from_being_options() -> None:
    assert argv(HadolintCheck(), PLACES, ("-c", PATH)) == (
        "/opt/tools/bin/hadolint", "--format", "json", "--no-fail", "--no-color", "./-c", "./fargate/Dockerfile",
    )  # fmt: skip
