"""Reads Trivy's JSON report of an image, schema version 2, into findings. What they mean is decided in `scan_policy`.

Seen with Trivy 0.76: a scanned image without vulnerabilities has `Results` with entries that have no
`Vulnerabilities`; a report without `Results`, or without an `os-pkgs` entry for an image that has an operating system,
means that packages were not looked at. Here that is an error: "not scanned" is never "nothing found".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Severity

SCHEMA_VERSION = 2
SEVERITIES: tuple[Severity, ...] = get_args(Severity)[::-1]
"""The worst first."""
_TODO = "scan again with the pinned Trivy: trivy image --scanners vuln --format json"


@dataclass(frozen=True)
class Finding:
    """A known vulnerability in one package. `fixed` is the version that mends it, None where there is none yet."""

    id: str
    package: str
    installed: str
    fixed: str | None
    severity: Severity
    target: str
    title: str


def read_findings(report: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Every finding once, the worst first, then by package and id.

    Raises DeployError for a report that is not Trivy's schema version 2, or that does not cover the image's packages.
    """
    if not isinstance(report, Mapping) or report.get("SchemaVersion") != SCHEMA_VERSION:
        version = report.get("SchemaVersion") if isinstance(report, Mapping) else None
        raise _unreadable(f"schema version {version!r}, expected {SCHEMA_VERSION}")
    results = _results(report)
    found = [_finding(item, result["Target"]) for result in results for item in _vulnerabilities(result)]
    return tuple(sorted(dict.fromkeys(found), key=_rank))


def _rank(finding: Finding) -> tuple[int, str, str, str]:
    return SEVERITIES.index(finding.severity), finding.package.lower(), finding.id, finding.target


def _results(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if report.get("ArtifactType") != "container_image":
        raise _unreadable(f"ArtifactType {report.get('ArtifactType')!r}, expected 'container_image'")
    results = _list(report.get("Results"), "Results")
    for result in results:
        if not isinstance(result, Mapping) or not isinstance(result.get("Target"), str):
            raise _unreadable("a result without a Target")
    classes = {result.get("Class") for result in results}
    if not classes & {"os-pkgs", "lang-pkgs"}:
        raise _not_scanned("no package of the image")
    system = _operating_system(report)
    if system and "os-pkgs" not in classes:
        raise _not_scanned(f"no package of its operating system ({system})")
    return results


def _operating_system(report: Mapping[str, Any]) -> str:
    metadata = report.get("Metadata")
    if not isinstance(metadata, Mapping):
        raise _unreadable("Metadata is missing")
    system = metadata.get("OS")
    if system is None:  # an image made from scratch
        return ""
    if not isinstance(system, Mapping):
        raise _unreadable("Metadata.OS is not an object")
    return f"{system.get('Family')} {system.get('Name')}"


def _vulnerabilities(result: Mapping[str, Any]) -> Sequence[Any]:
    return _list(result.get("Vulnerabilities"), f"Vulnerabilities of {result['Target']}")


def _list(value: Any, name: str) -> list[Any]:
    if value is None:  # Trivy leaves empty lists out
        return []
    if not isinstance(value, list):
        raise _unreadable(f"{name} is not a list")
    return value


def _finding(item: Any, target: str) -> Finding:
    if not isinstance(item, Mapping):
        raise _unreadable(f"a vulnerability of {target} is not an object")
    severity = _text(item, "Severity", target)
    if severity not in SEVERITIES:
        raise _unreadable(f"severity {severity!r} in {target}, expected one of {', '.join(SEVERITIES)}")
    return Finding(
        id=_text(item, "VulnerabilityID", target),
        package=_text(item, "PkgName", target),
        installed=_text(item, "InstalledVersion", target),
        fixed=_optional_text(item, "FixedVersion", target) or None,
        severity=severity,
        target=target,
        title=_optional_text(item, "Title", target),
    )


def _text(item: Mapping[str, Any], key: str, target: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise _unreadable(f"a vulnerability of {target} without {key}")
    return value


def _optional_text(item: Mapping[str, Any], key: str, target: str) -> str:
    value = item.get(key) or ""
    if not isinstance(value, str):
        raise _unreadable(f"{key} of a vulnerability of {target} is not text")
    return value


def _unreadable(what: str) -> DeployError:
    return DeployError(f"the scan report cannot be read: {what}", where="Trivy", todo=_TODO)


def _not_scanned(what: str) -> DeployError:
    todo = "build on a base image whose packages Trivy knows (trivy.dev lists them), or check Trivy's --pkg-types"
    return DeployError(f"Trivy looked at {what}, so the scan proves nothing", where="Trivy", todo=todo)
