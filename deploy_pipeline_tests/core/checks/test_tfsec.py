"""tfsec 1.28, by its documented format."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.misconfiguration import Read
from deploy_pipeline.core.checks.tfsec import argv, parse
from deploy_pipeline.core.spec_infrastructure_checks import TfsecCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES

RESULT: dict[str, Any] = {
    "rule_id": "AVD-AWS-0107",
    "long_id": "aws-ec2-no-public-ingress-sgr",
    "rule_description": "An ingress security group rule allows traffic from /0.",
    "description": "Security group rule allows ingress from public internet.",
    "severity": "CRITICAL",
    "warning": False,
    "resource": "aws_security_group.open",
    "location": {"filename": "/checkout/terraform/main/net.tf", "start_line": 7, "end_line": 7},
}


def test_parse() -> None:
    finding = Finding(
        "AVD-AWS-0107",
        f"{RESULT['rule_description']}: {RESULT['description']}",
        "error",
        "terraform/main/net.tf",
        7,
        7,
        "aws_security_group.open",
        severity="CRITICAL",
    )
    content = json.dumps({"results": [RESULT, RESULT | {"warning": True}]}).encode()
    assert parse(TfsecCheck(), content, "/checkout") == Read((finding,), 1)
    assert parse(TfsecCheck(), b'{"results": null}', "/checkout") == Read((), 1)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"results": [{}]}', b'{"results": 3}'])
def test_parse_refuses_what_is_no_report(content: bytes | None) -> None:
    assert parse(TfsecCheck(), content, "/checkout") is None


def test_argv() -> None:
    assert argv(PLACES, "/checkout", "/scratch/r.json")[:6] == (
        "/opt/tools/bin/tfsec", "/checkout", "--format", "json", "--out", "/scratch/r.json",
    )  # fmt: skip
