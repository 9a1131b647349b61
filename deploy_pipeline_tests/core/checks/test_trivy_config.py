"""`trivy config` 0.76: parts of its real report and log."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.misconfiguration import Read
from deploy_pipeline.core.checks.trivy_config import argv, lay_out, parse
from deploy_pipeline.core.spec_infrastructure_checks import TrivyConfigCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES

SPEC = TrivyConfigCheck()
BUCKET: dict[str, Any] = {
    "Type": "Terraform Security Check",
    "ID": "AWS-0086",
    "Title": "S3 Access block should block public ACL",
    "Message": "No public access block so not blocking public acls",
    "Severity": "HIGH",
    "Status": "FAIL",
    "CauseMetadata": {"Resource": "aws_s3_bucket.b", "StartLine": 10, "EndLine": 12},
}
DOCKERFILE: dict[str, Any] = {
    "ID": "DS-0001",
    "Title": "':latest' tag used",
    "Message": "Specify a tag",
    "Severity": "MEDIUM",
    "Status": "FAIL",
    "CauseMetadata": {"Provider": "Dockerfile"},
}
LOG = """\
2026-11-23T01:36:21Z\tERROR\t[misconfig] Falling back to embedded checks\terr="failed to check cache"
2026-11-23T01:36:22Z\tERROR\t[terraform parser] Error parsing file\tmodule="root" file_path="a/b/x.tf" \
cause="  bucket =\\n}" err="a/b/x.tf:2,11-3,1: Invalid expression; Expected the start of an expression."
2026-11-23T01:36:22Z\tERROR\t[terraform parser] Error parsing file\tmodule="root" file_path="a/b/x.tf" \
cause="  bucket =\\n}" err="a/b/x.tf:2,11-3,1: Invalid expression; Expected the start of an expression."
2026-11-23T01:36:22Z\tERROR\t[terraform parser] Error parsing file\tsomething else
"""


def report(*results: dict[str, Any], version: int = 2) -> bytes:
    return json.dumps({"SchemaVersion": version, "Results": results}).encode()


def test_parse() -> None:
    content = report(
        {"Target": ".", "MisconfSummary": {"Successes": 70, "Failures": 0}},
        {"Target": "main/net.tf", "Misconfigurations": [BUCKET, BUCKET | {"Status": "PASS"}]},
        {"Target": "../../../etc/Dockerfile", "Misconfigurations": [DOCKERFILE]},
    )
    assert parse(SPEC, content, "", "/checkout/terraform", "/checkout") == Read(
        (
            Finding(
                "AWS-0086",
                "S3 Access block should block public ACL: No public access block so not blocking public acls",
                "error",
                "terraform/main/net.tf",
                10,
                12,
                "aws_s3_bucket.b",
                severity="HIGH",
            ),
            Finding("DS-0001", "':latest' tag used: Specify a tag", "warning", blocks=False, severity="MEDIUM"),
        ),
        3,
    )


def test_a_file_that_trivy_cannot_parse_is_a_finding() -> None:
    said = "Trivy could not look at it: Invalid expression; Expected the start of an expression."
    assert parse(SPEC, report({"Target": "."}), LOG, "/checkout", "/checkout") == Read(
        (
            Finding("unreadable-file", said, path="a/b/x.tf", line=2),
            Finding("unreadable-file", "Trivy could not look at it: something else"),
        ),
        1,
    )


def test_nothing_to_look_at() -> None:
    assert parse(SPEC, b'{"SchemaVersion": 2}', "", "/checkout", "/checkout") == Read((), 0)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"[]", b"null", b"{", report(version=3), report({}, {"Misconfigurations": [{}]}), b"[" * 100_000,
     report({"Target": "a", "Misconfigurations": [{"Status": "FAIL"}]}), b'{"SchemaVersion": 2, "Results": 3}'],
)  # fmt: skip
def test_parse_refuses_what_is_no_report(content: bytes | None) -> None:
    assert parse(SPEC, content, "", "/checkout", "/checkout") is None


def test_argv_obeys_no_file_and_downloads_nothing() -> None:
    assert argv(PLACES, "/checkout", "/scratch/report.json") == (
        "/opt/tools/bin/trivy", "config", "--format", "json", "--output", "/scratch/report.json",
        "--skip-check-update", "--config-check", "/scratch/trivy-checks", "--config-data", "/scratch/trivy-data",
        "--check-namespaces", "user", "--raw-config-scanners", "terraform",
        "--cache-dir", "/scratch/trivy", "--skip-version-check", "--disable-telemetry",
        "--config", "", "--ignorefile", "", "--", "/checkout",
    )  # fmt: skip


def test_lay_out_writes_the_rules_and_what_they_have_to_know() -> None:
    written = lay_out(TrivyConfigCheck(public_ports=(443,)), PLACES, {"a.rego": "package a"})
    assert (written[:3], written[4:]) == (
        ("python3", "-I", "-c"),
        (
            "/scratch/trivy-checks/a.rego",
            "package a",
            "/scratch/trivy-data/spec.json",
            '{"deploy_pipeline": {"public_ports": [443]}}',
        ),
    )


def test_a_finding_of_our_own_rule_tells_the_ports_apart() -> None:
    opened = BUCKET | {"ID": "public-ingress", "Title": "Open", "Message": "port 8080 can be reached from ::/0"}
    read = parse(SPEC, report({"Target": "main/net.tf", "Misconfigurations": [opened]}), "", "/checkout", "/checkout")
    assert read is not None
    assert [(each.subject, each.message, each.blocks) for each in read.findings] == [
        ("aws_s3_bucket.b, port 8080", "Open: port 8080 can be reached from ::/0", True)
    ]
