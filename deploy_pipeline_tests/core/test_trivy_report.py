"""Real reports of Trivy 0.76 are read whole (their lists of packages left out); anything else is refused."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.trivy_report import read_findings

DATA = Path(__file__).parents[1] / "data"
REPORT: dict[str, Any] = json.loads((DATA / "trivy_report.json").read_text())


def test_read_findings_the_worst_first() -> None:
    assert [(f.severity, f.id, f.package, f.installed, f.fixed) for f in read_findings(REPORT)] == [
        ("CRITICAL", "CVE-2023-45853", "zlib1g", "1:1.2.13.dfsg-1", None),
        ("HIGH", "CVE-2019-10906", "Jinja2", "2.10", "2.10.1"),
        ("HIGH", "CVE-2018-18074", "requests", "2.19.1", "2.20.0"),
        ("MEDIUM", "CVE-2024-3651", "idna", "3.6", "3.7"),
    ]


def test_read_findings_of_a_clean_image() -> None:
    assert read_findings(json.loads((DATA / "trivy_report_clean.json").read_text())) == ()


def test_read_findings_of_an_image_without_an_operating_system() -> None:
    report = copy.deepcopy(REPORT)
    del report["Metadata"]["OS"], report["Results"][0]
    assert [finding.package for finding in read_findings(report)] == ["Jinja2", "requests", "idna"]


def _without(*keys: Any) -> Callable[[dict[str, Any]], None]:
    def remove(report: Any) -> None:
        for key in keys[:-1]:
            report = report[key]
        del report[keys[-1]]

    return remove


def _with(value: Any, *keys: Any) -> Callable[[dict[str, Any]], None]:
    def put(report: Any) -> None:
        for key in keys[:-1]:
            report = report[key]
        report[keys[-1]] = value

    return put


FIRST = ("Results", 1, "Vulnerabilities", 0)
NOTHING = "Trivy looked at no package of the image, so the scan proves nothing"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_without("SchemaVersion"), "the scan report cannot be read: schema version None, expected 2"),
        (_with(1, "SchemaVersion"), "the scan report cannot be read: schema version 1, expected 2"),
        (_with("filesystem", "ArtifactType"),
         "the scan report cannot be read: ArtifactType 'filesystem', expected 'container_image'"),
        (_with({}, "Results"), "the scan report cannot be read: Results is not a list"),
        (_with([3], "Results"), "the scan report cannot be read: a result without a Target"),
        (_without("Metadata"), "the scan report cannot be read: Metadata is missing"),
        (_with("debian", "Metadata", "OS"), "the scan report cannot be read: Metadata.OS is not an object"),
        (_with({}, "Results", 1, "Vulnerabilities"),
         "the scan report cannot be read: Vulnerabilities of Python is not a list"),
        (_with("CVE", *FIRST), "the scan report cannot be read: a vulnerability of Python is not an object"),
        (_without(*FIRST, "VulnerabilityID"),
         "the scan report cannot be read: a vulnerability of Python without VulnerabilityID"),
        (_without(*FIRST, "Severity"), "the scan report cannot be read: a vulnerability of Python without Severity"),
        (_with("high", *FIRST, "Severity"),
         "the scan report cannot be read: severity 'high' in Python, "
         "expected one of CRITICAL, HIGH, MEDIUM, LOW, UNKNOWN"),
        (_with(2, *FIRST, "FixedVersion"),
         "the scan report cannot be read: FixedVersion of a vulnerability of Python is not text"),
        (_without("Results"), NOTHING),
        (_with(None, "Results"), NOTHING),
        (_with([], "Results"), NOTHING),
        (_with([{"Target": "app/key.pem", "Class": "secret"}], "Results"), NOTHING),
        (_without("Results", 0),
         "Trivy looked at no package of its operating system (debian 12.15), so the scan proves nothing"),
    ],
)  # fmt: skip
def test_read_findings_refuses_report(change: Callable[[dict[str, Any]], None], what: str) -> None:
    report = copy.deepcopy(REPORT)
    change(report)
    with pytest.raises(DeployError) as refused:
        read_findings(report)
    assert refused.value.what == what
    assert refused.value.todo


@pytest.mark.parametrize("name", ["trivy_report_nothing_found.json", "trivy_report_os_not_scanned.json"])
def test_read_findings_refuses_real_report_without_results(name: str) -> None:
    with pytest.raises(DeployError, match="so the scan proves nothing"):
        read_findings(json.loads((DATA / name).read_text()))


@pytest.mark.parametrize("report", [None, [], "", 3])
def test_read_findings_refuses_what_is_no_report(report: Any) -> None:
    with pytest.raises(DeployError, match="schema version None, expected 2"):
        read_findings(report)
