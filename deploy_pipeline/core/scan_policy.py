"""Decides by the spec's policy which findings of an image scan stop a deployment. Reads no files, runs no scanner."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from deploy_pipeline.core.frozen_dict import FrozenDict
from deploy_pipeline.core.spec import IgnoredVulnerability, ScanSpec
from deploy_pipeline.core.trivy_report import SEVERITIES, Finding, read_findings

LISTED = 10
"""So many things to do are written out; a person starts with the worst and scans again."""


@dataclass(frozen=True)
class ScanVerdict:
    """The findings by what becomes of them, each group the worst first, and the sentence that says so.

    `counts` has every severity with the number of all findings of it, those that do not stop anything included.
    """

    blocked: tuple[Finding, ...]
    tolerated: tuple[Finding, ...]
    ignored: tuple[Finding, ...]
    counts: Mapping[str, int]
    reason: str


def judge_scan(report: Mapping[str, Any], policy: ScanSpec, today: date | None = None) -> ScanVerdict:
    """Sort the findings of Trivy's report of an image (`--format json`, schema version 2) by the policy.

    A finding named in `policy.ignore` is ignored through its day `until` (UTC); without `today`, entries that end do
    not count. The others are blocked when their severity is, unless they have no fix and `ignore_unfixed` is set.
    Raises DeployError for a report that cannot be read or that does not cover the image's packages.
    """
    findings = read_findings(report)
    accepted, expired = _accepted(policy.ignore, today)
    ignored = tuple(finding for finding in findings if finding.id.upper() in accepted)
    judged = tuple(finding for finding in findings if finding.id.upper() not in accepted)
    blocked = tuple(finding for finding in judged if _blocks(finding, policy))
    tolerated = tuple(finding for finding in judged if not _blocks(finding, policy))
    counts = _counts(findings)
    reason = _reason(blocked, tolerated, ignored) + _expiry_note(blocked, expired)
    return ScanVerdict(blocked, tolerated, ignored, FrozenDict(counts), reason)


def _accepted(
    entries: Sequence[IgnoredVulnerability], today: date | None
) -> tuple[frozenset[str], Mapping[str, IgnoredVulnerability]]:
    in_force, expired = set(), {}
    for entry in entries:
        if entry.until is None or (today is not None and today <= entry.until):
            in_force.add(entry.id.upper())
        else:
            expired[entry.id.upper()] = entry
    return frozenset(in_force), expired


def _blocks(finding: Finding, policy: ScanSpec) -> bool:
    return finding.severity in policy.block_severities and not (finding.fixed is None and policy.ignore_unfixed)


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    counts = {str(severity): 0 for severity in SEVERITIES}
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def _reason(blocked: Sequence[Finding], tolerated: Sequence[Finding], ignored: Sequence[Finding]) -> str:
    total = len(blocked) + len(tolerated) + len(ignored)
    if not total:
        return "no known vulnerability found"
    parts = [f"{len(group)} {word}{_by_severity(group)}" for group, word in
             ((tolerated, "tolerated"), (ignored, "ignored")) if group]  # fmt: skip
    if not blocked:
        return f"0 of {total} findings block: {'; '.join(parts)}"
    return "; ".join([f"{len(blocked)} of {total} findings block{_by_severity(blocked)}: {_todo(blocked)}", *parts])


def _by_severity(findings: Sequence[Finding]) -> str:
    numbers = [f"{number} {severity}" for severity, number in _counts(findings).items() if number]
    return f" ({', '.join(numbers)})"


def _todo(blocked: Sequence[Finding]) -> str:
    ids: dict[str, list[str]] = {}
    for finding in blocked:
        known = ids.setdefault(_action(finding), [])
        if finding.id not in known:
            known.append(finding.id)
    actions = [f"{action} ({', '.join(names)})" for action, names in ids.items()]
    more = [f"and {len(actions) - LISTED} more"] if len(actions) > LISTED else []
    return "; ".join(actions[:LISTED] + more)


def _action(finding: Finding) -> str:
    if finding.fixed is None:
        return f"remove or replace {finding.package} {finding.installed}, which has no fix yet"
    versions = [version.strip() for version in finding.fixed.split(",")]
    return f"upgrade {finding.package} from {finding.installed} to {' or '.join(versions)}"


def _expiry_note(blocked: Sequence[Finding], expired: Mapping[str, IgnoredVulnerability]) -> str:
    names = dict.fromkeys(finding.id.upper() for finding in blocked if finding.id.upper() in expired)
    notes = [f"{expired[name].id} was accepted until {expired[name].until}" for name in names]
    return f"; {', '.join(notes)}" if notes else ""
