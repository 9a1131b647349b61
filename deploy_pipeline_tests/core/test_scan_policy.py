"""What each policy makes of a real report of Trivy 0.76 (its lists of packages left out)."""

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy_pipeline.core.scan_policy import judge_scan
from deploy_pipeline.core.spec import IgnoredVulnerability, ScanSpec, Severity
from deploy_pipeline.core.trivy_report import Finding, read_findings

DATA = Path(__file__).parents[1] / "data"
REPORT: dict[str, Any] = json.loads((DATA / "trivy_report.json").read_text())
CLEAN: dict[str, Any] = json.loads((DATA / "trivy_report_clean.json").read_text())
DEBIAN = "engagement-ml/inference:3f1c2ab (debian 12.15)"

ZLIB = Finding(
    id="CVE-2023-45853",
    package="zlib1g",
    installed="1:1.2.13.dfsg-1",
    fixed=None,
    severity="CRITICAL",
    target=DEBIAN,
    title="zlib: integer overflow and resultant heap-based buffer overflow in zipOpenNewFileInZip4_6",
)
JINJA = Finding(
    id="CVE-2019-10906",
    package="Jinja2",
    installed="2.10",
    fixed="2.10.1",
    severity="HIGH",
    target="Python",
    title="python-jinja2: str.format_map allows sandbox escape",
)
REQUESTS = Finding(
    id="CVE-2018-18074",
    package="requests",
    installed="2.19.1",
    fixed="2.20.0",
    severity="HIGH",
    target="Python",
    title="python-requests: Redirect from HTTPS to HTTP does not remove Authorization header",
)
IDNA = Finding(
    id="CVE-2024-3651",
    package="idna",
    installed="3.6",
    fixed="3.7",
    severity="MEDIUM",
    target="Python",
    title="python-idna: potential DoS via resource consumption via specially crafted inputs to idna.encode()",
)
UPGRADE_BOTH = (
    "upgrade Jinja2 from 2.10 to 2.10.1 (CVE-2019-10906); upgrade requests from 2.19.1 to 2.20.0 (CVE-2018-18074)"
)
TODAY = date(2026, 3, 1)


def _ignore(*entries: tuple[str, date | None]) -> ScanSpec:
    ignore = tuple(IgnoredVulnerability(id=name, reason="not reachable", until=until) for name, until in entries)
    return ScanSpec(ignore=ignore)


@pytest.mark.parametrize(
    ("policy", "blocked", "tolerated", "ignored", "reason"),
    [
        (
            ScanSpec(),
            (JINJA, REQUESTS),
            (ZLIB, IDNA),
            (),
            f"2 of 4 findings block (2 HIGH): {UPGRADE_BOTH}; 2 tolerated (1 CRITICAL, 1 MEDIUM)",
        ),
        (
            ScanSpec(ignore_unfixed=False, block_severities=("CRITICAL",)),
            (ZLIB,),
            (JINJA, REQUESTS, IDNA),
            (),
            "1 of 4 findings block (1 CRITICAL): remove or replace zlib1g 1:1.2.13.dfsg-1, which has no fix yet "
            "(CVE-2023-45853); 3 tolerated (2 HIGH, 1 MEDIUM)",
        ),
        (
            ScanSpec(block_severities=("LOW",)),
            (),
            (ZLIB, JINJA, REQUESTS, IDNA),
            (),
            "0 of 4 findings block: 4 tolerated (1 CRITICAL, 2 HIGH, 1 MEDIUM)",
        ),
        (
            _ignore(("CVE-2019-10906", None), ("cve-2018-18074", TODAY), ("CVE-1999-0001", None)),
            (),
            (ZLIB, IDNA),
            (JINJA, REQUESTS),
            "0 of 4 findings block: 2 tolerated (1 CRITICAL, 1 MEDIUM); 2 ignored (2 HIGH)",
        ),
        (
            _ignore(
                ("CVE-2019-10906", date(2026, 2, 28)), ("CVE-2018-18074", None), ("CVE-1999-0001", date(2020, 1, 1))
            ),
            (JINJA,),
            (ZLIB, IDNA),
            (REQUESTS,),
            "1 of 4 findings block (1 HIGH): upgrade Jinja2 from 2.10 to 2.10.1 (CVE-2019-10906); "
            "2 tolerated (1 CRITICAL, 1 MEDIUM); 1 ignored (1 HIGH); CVE-2019-10906 was accepted until 2026-02-28",
        ),
    ],
)
def test_judge_scan(
    policy: ScanSpec,
    blocked: tuple[Finding, ...],
    tolerated: tuple[Finding, ...],
    ignored: tuple[Finding, ...],
    reason: str,
) -> None:
    verdict = judge_scan(REPORT, policy, TODAY)
    assert (verdict.blocked, verdict.tolerated, verdict.ignored) == (blocked, tolerated, ignored)
    assert verdict.reason == reason
    assert verdict.counts == {"CRITICAL": 1, "HIGH": 2, "MEDIUM": 1, "LOW": 0, "UNKNOWN": 0}


def test_judge_scan_without_a_date_honours_no_entry_that_ends() -> None:
    assert judge_scan(REPORT, _ignore(("CVE-2019-10906", date(2099, 1, 1)))).blocked == (JINJA, REQUESTS)


def test_judge_scan_of_a_clean_image() -> None:
    verdict = judge_scan(CLEAN, ScanSpec())
    assert (verdict.blocked, verdict.tolerated, verdict.ignored) == ((), (), ())
    assert verdict.reason == "no known vulnerability found"
    assert set(verdict.counts.values()) == {0}


def test_judge_scan_counts_the_same_finding_once() -> None:
    report = copy.deepcopy(REPORT)
    report["Results"][1]["Vulnerabilities"] *= 2
    assert judge_scan(report, ScanSpec()) == judge_scan(REPORT, ScanSpec())


def test_judge_scan_groups_the_same_upgrade() -> None:
    report = copy.deepcopy(REPORT)
    more = dict(report["Results"][1]["Vulnerabilities"][0], VulnerabilityID="CVE-2020-28493", FixedVersion="2.10.1")
    several = dict(more, VulnerabilityID="CVE-2024-22195", FixedVersion="2.11.3, 3.1.3")
    report["Results"][1]["Vulnerabilities"] = [more, report["Results"][1]["Vulnerabilities"][0], several]
    assert judge_scan(report, ScanSpec()).reason == (
        "3 of 4 findings block (3 HIGH): upgrade Jinja2 from 2.10 to 2.10.1 (CVE-2019-10906, CVE-2020-28493); "
        "upgrade Jinja2 from 2.10 to 2.11.3 or 3.1.3 (CVE-2024-22195); 1 tolerated (1 CRITICAL)"
    )


def test_judge_scan_lists_the_worst_ten() -> None:
    report = copy.deepcopy(REPORT)
    first = report["Results"][1]["Vulnerabilities"][0]
    report["Results"][1]["Vulnerabilities"] = [dict(first, PkgName=f"p{number:02}") for number in range(13)]
    reason = judge_scan(report, ScanSpec()).reason
    assert reason.count("upgrade") == 10
    assert "upgrade p09 from 2.10 to 2.10.1 (CVE-2019-10906); and 3 more" in reason


SEVERITY: list[Severity] = ["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(SEVERITY), st.sampled_from(["", "2"])), max_size=8),
    st.lists(st.sampled_from(SEVERITY), min_size=1, unique=True),
    st.booleans(),
    st.lists(st.sampled_from(["CVE-a", "CVE-b"]), unique=True),
)
def test_judge_scan_puts_each_finding_in_one_group(
    items: list[tuple[str, Severity, str]], block: list[Severity], ignore_unfixed: bool, ignored: list[str]
) -> None:
    vulnerabilities = [
        {
            "VulnerabilityID": f"CVE-{i}",
            "PkgName": i,
            "InstalledVersion": "1",
            "FixedVersion": fix,
            "Severity": severity,
        }
        for i, severity, fix in items
    ]
    report = copy.deepcopy(CLEAN)
    report["Results"][1]["Vulnerabilities"] = vulnerabilities
    ignore = tuple(IgnoredVulnerability(id=name, reason="x") for name in ignored)
    verdict = judge_scan(report, ScanSpec(block_severities=tuple(block), ignore_unfixed=ignore_unfixed, ignore=ignore))
    groups = (*verdict.blocked, *verdict.tolerated, *verdict.ignored)
    assert sorted(map(repr, groups)) == sorted(map(repr, read_findings(report)))
    assert sum(verdict.counts.values()) == len(groups) == len(set(items))
    assert all(finding.severity in block and finding.id not in ignored for finding in verdict.blocked)
