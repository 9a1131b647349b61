"""Telling what a pull request brings from what its base branch has already. Lines move, so they do not count."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from deploy_pipeline.core.checks.assessment import Finding

Fingerprint = tuple[str, str, str]
NUMBERS = re.compile(r"\d+")


def mark_known(head: tuple[Finding, ...], base: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The head's findings in their order; those that the base has too are known and do not block.

    Each finding of the base excuses one of the head: of two equal ones at the head and one at the base, one is new.
    Which of equal ones is new cannot be told: those on the base's own lines are taken as known first.
    """
    excused = Counter(map(_fingerprint, base))
    same_line = Counter((_fingerprint(each), each.line) for each in base)
    known: set[int] = set()
    for position in sorted(range(len(head)), key=lambda at: same_line[_fingerprint(head[at]), head[at].line] == 0):
        fingerprint = _fingerprint(head[position])
        if excused[fingerprint]:
            excused[fingerprint] -= 1
            known.add(position)
    return tuple(
        replace(finding, known=True, blocks=False) if position in known else finding
        for position, finding in enumerate(head)
    )


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that make their check fail."""
    return tuple(finding for finding in findings if finding.blocks)


def in_short(findings: tuple[Finding, ...]) -> str:
    """What a tool found where nothing of it blocks."""
    known = sum(finding.known for finding in findings)
    minor = len(findings) - known
    parts = [f"{number} {kind}" for number, kind in ((minor, "minor"), (known, "known")) if number]
    if not parts:
        return "nothing found"
    return f"{'nothing that blocks' if minor else 'nothing new'} ({', '.join(parts)})"


def _fingerprint(finding: Finding) -> Fingerprint:
    """What stays the same while code around a finding changes: numbers in a message may be lines."""
    return finding.rule, finding.path, finding.subject or NUMBERS.sub("0", " ".join(finding.message.split()))
