"""tfsec: its command line, and its JSON report of one folder.

Written from the format of tfsec 1.28 (aquasecurity.github.io/tfsec): tfsec's rules live on in Trivy, which is what
runs by default.
"""

import json
from typing import Any

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.misconfiguration import LEVELS, Read, accepted, severity_of
from deploy_pipeline.core.checks.plain_text import plain, repository_path
from deploy_pipeline.core.isolation import Places
from deploy_pipeline.core.spec_infrastructure_checks import TfsecCheck


def argv(places: Places, folder: str, report: str) -> tuple[str, ...]:
    """Scan `folder` into the file `report`. With `--soft-fail` it ends with 0 whatever it finds.

    By itself tfsec takes rules of one's own from the folder `.tfsec`: it is given one that does not exist.
    """
    nothing = ("--custom-check-dir", f"{places.scratch}/no-checks")
    quiet = ("--no-color", "--soft-fail", "--no-module-downloads", "--disable-grouping")
    return (places.program("tfsec"), folder, "--format", "json", "--out", report, *nothing, *quiet)


def parse(spec: TfsecCheck, report: bytes | None, root: str) -> Read | None:
    """What the report says; None when it is not what tfsec documents."""
    try:
        # `results` is null where there are none.
        results = json.loads(report or b"")["results"] or []
        found = tuple(_finding(spec, each, root) for each in results if not each.get("warning"))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return Read(accepted(found, spec.ignore), 1)


def _finding(spec: TfsecCheck, result: dict[str, Any], root: str) -> Finding:
    severity, location = severity_of(result["severity"]), result["location"]
    return Finding(
        plain(result["rule_id"], 40),
        plain(f"{result['rule_description']}: {result['description']}"),
        LEVELS.get(severity, "notice"),
        repository_path(location["filename"], root),
        int(location["start_line"]),
        int(location["end_line"]),
        plain(str(result.get("resource") or ""), 200),
        blocks=severity in spec.block_severities,
        severity=severity,
    )
