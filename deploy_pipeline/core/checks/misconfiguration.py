"""What the scanners of infrastructure code share: which findings block, and what a report against the base's means."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Level, Report, skipped
from deploy_pipeline.core.checks.known_findings import blocking, in_short, mark_known
from deploy_pipeline.core.checks.plain_text import counted
from deploy_pipeline.core.checks.suppressions import in_numbers

UNREADABLE = "unreadable-file"
LEVELS: Mapping[str, Level] = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning"}
SEVERITIES = frozenset({"CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"})


@dataclass(frozen=True)
class Read:
    """A scanner's report. `looked_at` is 0 where it found nothing of its kind to look at."""

    findings: tuple[Finding, ...]
    looked_at: int


def severity_of(text: object) -> str:
    """A severity as the spec names them; what is none of them is UNKNOWN."""
    known = str(text).upper()
    return known if known in SEVERITIES else "UNKNOWN"


def is_ignored(rule: str, ignore: tuple[str, ...]) -> bool:
    """Whether the spec accepts a rule. Trivy's `AWS-0107` was `AVD-AWS-0107` in earlier versions, and is in tfsec."""
    return rule.removeprefix("AVD-") in {each.removeprefix("AVD-") for each in ignore}


def merged(reads: tuple[Read | None, ...]) -> Read | None:
    """The reports of several folders as one; None when one of them could not be read."""
    good = tuple(read for read in reads if read is not None)
    if len(good) != len(reads):
        return None
    findings = dict.fromkeys(finding for read in good for finding in read.findings)
    return Read(tuple(findings), sum(read.looked_at for read in good))


def verdict(
    tool: str, head: Read, base: Read | None, suppressions: tuple[Finding, ...], reports: tuple[Report, ...]
) -> Assessment:
    """`base` is what was found at the merge base: None where there is none, then everything counts as new."""
    if not head.looked_at and not head.findings and not suppressions:
        return skipped(f"{tool} found nothing to look at")
    findings = (*mark_known(head.findings, base.findings if base else ()), *suppressions)
    new = blocking(findings)
    known = sum(finding.known for finding in findings)
    facts: dict[str, str | int | float] = {"found": len(head.findings), "new": len(new), "known": known}
    silenced = f", {in_numbers(suppressions)}" if suppressions else ""
    if new:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in new[:4]))
        summary = f"{counted(len(new), 'new finding that blocks', 'new findings that block')} ({rules}){silenced}"
        return Assessment("failed", summary, findings, facts=facts, reports=reports)
    summary = in_short(findings[: len(head.findings)]) + silenced
    return Assessment("passed", summary, findings, facts=facts, reports=reports)


def accepted(findings: tuple[Finding, ...], ignore: tuple[str, ...]) -> tuple[Finding, ...]:
    """The findings in which those of accepted rules do not block."""
    return tuple(
        replace(finding, blocks=False, level="notice") if is_ignored(finding.rule, ignore) else finding
        for finding in findings
    )
