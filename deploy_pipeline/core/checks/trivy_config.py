"""`trivy config`: its command line, and its JSON report of one folder. Its own rules count, and those of ours."""

import json
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.misconfiguration import LEVELS, UNREADABLE, Read, accepted, severity_of
from deploy_pipeline.core.checks.plain_text import plain, repository_path
from deploy_pipeline.core.isolation import Places
from deploy_pipeline.core.spec_infrastructure_checks import TrivyConfigCheck
from deploy_pipeline.core.trivy_cli import ALONE, QUIET
from deploy_pipeline.core.trivy_report import SCHEMA_VERSION

# Trivy calls a file that it cannot parse a success, and only its log tells:
# Error parsing file<tab>module="root" file_path="a/b.tf" cause="…" err="a/b.tf:2,11-3,1: Invalid expression; …"
NOT_PARSED = re.compile(r"\bError parsing file\b(?P<rest>.*)")
PATH = re.compile(r'\bfile_path="(?P<path>[^"]+)"')
WHY = re.compile(r'\berr="[^":]*:(?P<line>\d{1,7}),\S*: (?P<why>[^"]*)')

PUBLIC_INGRESS = "public-ingress"
WRITE = """
import os, sys
for path, text in zip(sys.argv[1::2], sys.argv[2::2]):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
"""


def lay_out(spec: TrivyConfigCheck, places: Places, rules: Mapping[str, str]) -> tuple[str, ...]:
    """Write our own rules (file name -> Rego), and what they have to know of the spec, in the box."""
    known = json.dumps({"deploy_pipeline": {"public_ports": spec.public_ports}})
    texts = {f"{_rules(places)}/{name}": text for name, text in rules.items()} | {f"{_data(places)}/spec.json": known}
    return ("python3", "-I", "-c", WRITE, *(part for item in texts.items() for part in item))


def argv(places: Places, folder: str, report: str) -> tuple[str, ...]:
    """Scan `folder` into the file `report`, both paths in the box. No file of the repository configures the scan."""
    cache = f"{places.scratch}/trivy"
    return (
        places.program("trivy"), "config", "--format", "json", "--output", report, "--skip-check-update",
        "--config-check", _rules(places), "--config-data", _data(places), "--check-namespaces", "user",
        "--raw-config-scanners", "terraform",
        "--cache-dir", cache, *(flag for flag in QUIET if flag != "--no-progress"), *ALONE, "--", folder,
    )  # fmt: skip


def parse(spec: TrivyConfigCheck, report: bytes | None, log: str, folder: str, root: str) -> Read | None:
    """What the report of `folder` says, and the log of unreadable files; None when it is not what Trivy documents."""
    try:
        content = json.loads(report or b"")
        if content["SchemaVersion"] != SCHEMA_VERSION:
            return None
        results = content.get("Results") or []
        found = tuple(
            _finding(spec, item, posixpath.join(folder, result["Target"]), root)
            for result in results
            for item in result.get("Misconfigurations") or []
            if item["Status"] == "FAIL"
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    unreadable = dict.fromkeys(_not_parsed(each["rest"], folder, root) for each in NOT_PARSED.finditer(log))
    return Read((*accepted(found, spec.ignore), *unreadable), len(results))


def _rules(places: Places) -> str:
    return f"{places.scratch}/trivy-checks"


def _data(places: Places) -> str:
    return f"{places.scratch}/trivy-data"


def _finding(spec: TrivyConfigCheck, item: dict[str, Any], path: str, root: str) -> Finding:
    severity, cause = severity_of(item["Severity"]), item.get("CauseMetadata") or {}
    return Finding(
        plain(item["ID"], 40),
        plain(f"{item['Title']}: {item['Message']}"),
        LEVELS.get(severity, "notice"),
        repository_path(path, root),
        int(cause.get("StartLine") or 0),
        int(cause.get("EndLine") or 0),
        _subject(item, str(cause.get("Resource") or "")),
        blocks=severity in spec.block_severities,
        severity=severity,
    )


def _subject(item: dict[str, Any], resource: str) -> str:
    """The resource, of ours with the ports: another port that is opened beside a known one, or in its place, is new."""
    if item["ID"] != PUBLIC_INGRESS:
        return plain(resource, 200)
    return plain(f"{resource}, {str(item['Message']).partition(' can be reached')[0]}", 200)


def _not_parsed(rest: str, folder: str, root: str) -> Finding:
    path, why = PATH.search(rest), WHY.search(rest)
    return Finding(
        UNREADABLE,
        f"Trivy could not look at it: {plain(why['why'] if why else rest)}",
        path=repository_path(posixpath.join(folder, path["path"]), root) if path else "",
        line=int(why["line"]) if why else 0,
    )
