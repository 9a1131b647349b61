"""pip-audit 2.10: what its real reports amount to, and which service it asks."""

from dataclasses import replace

import pytest

from deploy_pipeline.core.checks import pip_audit
from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, skipped
from deploy_pipeline.core.checks.pins import read_requirements
from deploy_pipeline.core.checks.pip_audit import AdvisoryService, Audited
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.spec_python_checks import PipAuditCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

REPORT = (
    '{"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": [{"id": "PYSEC-2019-217", "fix_versions":'
    ' ["2.10.1"], "aliases": ["GHSA-462w-v97r-4m45", "CVE-2019-10906"], "description": "sandbox escape"}]},'
    ' {"name": "lost", "skip_reason": "Dependency not found on PyPI and could not be audited: lost (1.0)"},'
    ' {"name": "flask", "version": "1.0", "vulns": []}], "fixes": []}\n'
)
GROUP = {"jinja2": "2.10", "lost": "1.0", "flask": "1.0"}
VULNERABLE = Audited((("PYSEC-2019-217", "CVE-2019-10906, GHSA-462w-v97r-4m45: sandbox escape (fixed in 2.10.1)"),))
LOST = Audited(skipped="Dependency not found on PyPI and could not be audited: lost (1.0)")
AUDIT = {("jinja2", "2.10"): VULNERABLE, ("lost", "1.0"): LOST, ("flask", "1.0"): Audited()}
REPORTS = (Report("pip-audit-0.json", b"{}"),)
JINJA = Finding(
    "PYSEC-2019-217",
    "jinja2 2.10: CVE-2019-10906, GHSA-462w-v97r-4m45: sandbox escape (fixed in 2.10.1)",
    path="r.txt",
    line=1,
    subject="jinja2",
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, AdvisoryService(("--vulnerability-service=pypi",), ("pypi.org:443",))),
        (
            "https://api.osv.dev",
            AdvisoryService(
                ("--vulnerability-service=osv", "--osv-url=https://api.osv.dev/v1/query"), ("api.osv.dev:443",)
            ),
        ),
        (
            "http://127.0.0.1:8765/v1/query",
            AdvisoryService(
                ("--vulnerability-service=osv", "--osv-url=http://advisories.internal/v1/query"),
                redirects={"advisories.internal:80": "127.0.0.1:8765"},
            ),
        ),
        (
            "http://osv.corp:8080/mirror/",
            AdvisoryService(
                ("--vulnerability-service=osv", "--osv-url=http://osv.corp:8080/mirror/v1/query"), ("osv.corp:8080",)
            ),
        ),
    ],
)
def test_advisory_service(url: str | None, expected: AdvisoryService) -> None:
    assert pip_audit.advisory_service(url) == expected


@pytest.mark.parametrize("url", ["osv.corp", "ftp://osv.corp", "https://localhost:1", ""])
def test_advisory_service_that_cannot_be_used_is_an_error(url: str) -> None:
    with pytest.raises(DeployError) as caught:
        pip_audit.advisory_service(url)
    assert caught.value.todo


def test_argv_never_resolves_or_downloads() -> None:
    service = pip_audit.advisory_service(None)
    assert pip_audit.argv(PipAuditCheck(ignore=("CVE-2020-1",)), PLACES, service, "/checkout/0/requirements.txt") == (
        "/opt/tools/bin/pip-audit", "--requirement", "/checkout/0/requirements.txt", "--no-deps", "--disable-pip",
        "--format=json", "--progress-spinner=off", "--cache-dir=/scratch/advisories", "--vulnerability-service=pypi",
        "--ignore-vuln=CVE-2020-1",
    )  # fmt: skip


def every(reason: str) -> dict[tuple[str, str], Audited]:
    return dict.fromkeys(GROUP.items(), Audited(skipped=reason))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (finished(REPORT, returncode=1), AUDIT),
        (finished('{"dependencies": []}'), every("pip-audit did not report on it")),
        (
            finished(stderr="Traceback\nConnectionError: refused\n", returncode=1),
            every("the advisory service gave no usable answer: ConnectionError: refused"),
        ),
        (finished("[" * 100_000), every("the advisory service gave no usable answer: return code 0")),
        (finished('{"dependencies": [1]}'), every("the advisory service gave no usable answer: return code 0")),
        (finished(REPORT, returncode=2), every("the advisory service gave no usable answer: return code 2")),
        (
            finished(REPORT, stderr="WARNING: Unsupported OSV schema version: 2.0"),
            every("the advisory service speaks an unknown version of OSV"),
        ),
        (Outcome("timed_out", None, REPORT, "", 1.0), every("the advisory service did not answer in time")),
        (Outcome("died", None, REPORT, "", 1.0), every("pip-audit was stopped")),
    ],
)
def test_read_round(outcome: Outcome, expected: dict[tuple[str, str], Audited]) -> None:
    assert pip_audit.read_round(GROUP, outcome) == expected


def facts(audited: int, vulnerabilities: int, new: int, left_out: int) -> dict[str, str | int | float]:
    return {"audited": audited, "vulnerabilities": vulnerabilities, "new": new, "not_audited": left_out}


@pytest.mark.parametrize(
    ("head", "base", "expected"),
    [
        ("", "", skipped("the requirement files name no packages")),
        (
            "flask==1.0",
            "",
            Assessment(
                "passed", "1 requirement audited, no new vulnerability", facts=facts(1, 0, 0, 0), reports=REPORTS
            ),
        ),
        (
            "jinja2==2.10\nlost==1.0",
            "",
            Assessment(
                "failed",
                "1 new vulnerability in jinja2",
                (JINJA, Finding("not-audited", f"lost 1.0: {LOST.skipped}", "warning", "r.txt", 2, 0, "lost", False)),
                facts=facts(1, 1, 1, 1),
                reports=REPORTS,
            ),
        ),
        (
            "jinja2==2.10",
            "jinja2==2.10",
            Assessment(
                "passed",
                "1 requirement audited, no new vulnerability",
                (replace(JINJA, known=True, blocks=False),),
                facts=facts(1, 1, 0, 0),
                reports=REPORTS,
            ),
        ),
        (
            "flask>=1.0",
            "",
            Assessment(
                "not_audited",
                "1 of 1 requirement not audited: flask>=1.0 has no exact version, so it was not audited",
                (
                    Finding(
                        "not-audited", "flask>=1.0 has no exact version, so it was not audited", "warning", "r.txt",
                        1, 0, "flask>=1.0", False,
                    ),
                ),
                facts=facts(0, 0, 0, 1),
                reports=REPORTS,
            ),
        ),
    ],
)  # fmt: skip
def test_assess(head: str, base: str, expected: Assessment) -> None:
    given = read_requirements({"r.txt": head}), read_requirements({"r.txt": base})
    assert pip_audit.assess(*given, AUDIT, REPORTS) == expected
