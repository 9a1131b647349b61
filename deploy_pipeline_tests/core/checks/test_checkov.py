"""Checkov 3.3: parts of its real report."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.checkov import argv, parse
from deploy_pipeline.core.checks.misconfiguration import Read
from deploy_pipeline.core.spec_infrastructure_checks import CheckovCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES

SPEC = CheckovCheck()
FAILED: dict[str, Any] = {
    "check_id": "CKV_AWS_24",
    "check_name": "Ensure no security groups allow ingress from 0.0.0.0:0 to port 22",
    "file_path": "/net.tf",
    "file_abs_path": "/checkout/terraform/main/net.tf",
    "file_line_range": [1, 9],
    "resource": "aws_security_group.open",
    "severity": None,
}
FINDING = Finding("CKV_AWS_24", FAILED["check_name"], "error", "terraform/main/net.tf", 1, 9, "aws_security_group.open")
EMPTY = {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0, "checkov_version": "3.3.30"}
UNREAD = Finding(
    "unreadable-file", "Checkov could not parse a file and did not look at it: see terraform_fmt for which"
)


def part(*failed: dict[str, Any], **summary: int) -> dict[str, Any]:
    return {"check_type": "terraform", "results": {"failed_checks": failed}, "summary": EMPTY | summary}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (part(FAILED, passed=8, failed=1), Read((FINDING,), 9)),
        ([part(FAILED, failed=1), part(passed=37)], Read((FINDING,), 38)),
        (part(parsing_errors=1), Read((UNREAD,), 1)),
        (EMPTY, Read((), 0)),
    ],
)
def test_parse(content: Any, expected: Read) -> None:
    assert parse(SPEC, json.dumps(content), "/checkout") == expected


def test_an_accepted_rule_does_not_block() -> None:
    read = parse(CheckovCheck(ignore=("CKV_AWS_24",)), json.dumps(part(FAILED, failed=1)), "/checkout")
    assert read is not None
    assert [finding.blocks for finding in read.findings] == [False]


@pytest.mark.parametrize(
    "content",
    ["", "[3]", "{}", "null", "{", json.dumps(part({})), json.dumps({"results": {}, "summary": EMPTY}), "[" * 100_000],
)
def test_parse_refuses_what_is_no_report(content: str) -> None:
    assert parse(SPEC, content, "/checkout") is None


def test_argv_has_no_argument_by_which_checkov_finds_configuration() -> None:
    command = argv(SPEC, PLACES, ("/checkout/terraform", "/checkout/modules"))
    assert command == (
        "/opt/tools/bin/checkov", "--directory=/checkout/terraform", "--directory=/checkout/modules",
        "--framework", "terraform", "--skip-download", "--download-external-modules=false", "--output=json",
        "--compact", "--quiet",
    )  # fmt: skip
    assert not {"-d", "--directory"} & set(command)
