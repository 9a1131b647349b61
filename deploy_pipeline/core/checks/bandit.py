"""bandit: its command line, and what its report means against the report of the base branch."""

import json
from typing import Any

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Level, Report, skipped
from deploy_pipeline.core.checks.known_findings import blocking, in_short, mark_known
from deploy_pipeline.core.checks.outcome import crashed, unreadable
from deploy_pipeline.core.checks.plain_text import counted, plain, repository_path, unshowable
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_python_checks import BanditCheck

CLEAN, FOUND = 0, 1
LEVELS: dict[str, Level] = {"HIGH": "error", "MEDIUM": "warning"}
UNREADABLE = "unreadable"
Read = tuple[tuple[Finding, ...], int]
"""The findings, and how many lines of code were looked at."""


def argv(spec: BanditCheck, places: Places, report: str, ini: str) -> tuple[str, ...]:
    """`report` and `ini` are paths in the box.

    Without `--ini`, bandit obeys a file `.bandit` in any folder below its targets, so a pull request could switch off
    rules with a new one. `/dev/null` stands for no such file.
    """
    own = ("--recursive", "--quiet", "--format=json", f"--output={report}", f"--ini={ini}")
    return (places.program("bandit"), *spec.arguments, *own, "--", *spec.targets)


def assess(spec: BanditCheck, outcome: Outcome, report: bytes | None, checkout: str, base: Read | None) -> Assessment:
    """A program that finished. `base` is what bandit found at the merge base: None where there is none to compare."""
    if outcome.returncode not in {CLEAN, FOUND}:
        return crashed("bandit", outcome)
    read = parse(spec, report, checkout)
    if read is None or report is None:
        return unreadable("bandit", outcome)
    findings, lines = read
    if not findings and not lines:
        return skipped("bandit found no Python files")
    if outcome.returncode == FOUND and not findings:
        return unreadable("bandit", outcome)
    findings = mark_known(findings, base[0] if base else ())
    new = blocking(findings)
    reports = (Report("bandit.json", report),)
    facts: dict[str, str | int | float] = {"found": len(findings), "new": len(new), "lines": lines}
    if new:
        return Assessment(
            "failed", f"{counted(len(new), 'new finding')} that must be fixed", findings, facts=facts, reports=reports
        )
    summary = f"{counted(lines, 'line')} looked at: {in_short(findings)}"
    return Assessment("passed", summary, findings, facts=facts, reports=reports)


def parse(spec: BanditCheck, report: bytes | None, checkout: str) -> Read | None:
    """What a report says; None when it is missing or is not what bandit documents."""
    try:
        content = json.loads(report or b"")
        results = tuple(_result(spec, each, checkout) for each in content["results"])
        errors = tuple(_error(each, checkout) for each in content["errors"])
        return results + errors, int(content["metrics"]["_totals"]["loc"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _result(spec: BanditCheck, result: dict[str, Any], checkout: str) -> Finding:
    severity = str(result["issue_severity"]).upper()
    severity = severity if severity in {"LOW", "MEDIUM", "HIGH"} else "UNKNOWN"
    return Finding(
        plain(result["test_id"], 20),
        plain(result["issue_text"]),
        LEVELS.get(severity, "notice"),
        repository_path(result["filename"], checkout),
        int(result["line_number"]),
        subject=unshowable(result["filename"], checkout),
        blocks=severity in spec.block_severities,
        severity=severity,
    )


def _error(error: dict[str, Any], checkout: str) -> Finding:
    """A file that bandit cannot read was not looked at, although bandit calls that a success."""
    message = f"not looked at: {plain(error['reason'])}"
    file = error["filename"]
    return Finding(UNREADABLE, message, path=repository_path(file, checkout), subject=unshowable(file, checkout))
