"""The check of deploy.yaml itself."""

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.spec_file import assess_spec

VALID = b"""\
version: 1
environment: production
repository: {name: acme/app, branch: main}
aws: {region: us-east-1, artifact_bucket: artifacts, ledger_bucket: ledger}
"""


def found(line: int, message: str, subject: str = "") -> Finding:
    return Finding("deploy-spec", message, path="deploy.yaml", line=line, subject=subject)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VALID, Assessment("passed", "deploy.yaml is valid")),
        (
            None,
            Assessment(
                "failed",
                "deploy.yaml is missing",
                (
                    Finding(
                        "missing",
                        "deploy.yaml is not in the repository any more: nothing could be deployed",
                        path="deploy.yaml",
                    ),
                ),
            ),
        ),
        (
            VALID.replace(b"us-east-1", b"mars").replace(b"acme/app", b"'@acme'"),
            Assessment(
                "failed",
                "2 mistakes in deploy.yaml",
                (
                    found(
                        3,
                        'repository.name: found "@acme", expected owner/name on GitHub, such as "acme/engagement-ml"',
                        "repository.name",
                    ),
                    found(4, 'aws.region: found "mars", expected an AWS region, such as "us-east-1"', "aws.region"),
                ),
            ),
        ),
        (
            b"version: 1\nname: caf\xe9\n",
            Assessment("failed", "1 mistake in deploy.yaml", (found(2, "found the byte 0xe9, expected UTF-8"),)),
        ),
    ],
)
def test_assess_spec(text: bytes | None, expected: Assessment) -> None:
    assert assess_spec(text) == expected


@pytest.mark.parametrize(
    "text",
    [b"", b"- a\n", b"a: [", b"\0", b"a: &a [*a]\n", b"[" * 5000, b"x" * 2_000_000, b"!!python/object:os.system {}"],
)
def test_assess_spec_fails_whatever_is_not_a_spec(text: bytes) -> None:
    assessment = assess_spec(text)
    assert (assessment.state, bool(assessment.findings)) == ("failed", True)
    assert all(finding.line >= 1 for finding in assessment.findings)
