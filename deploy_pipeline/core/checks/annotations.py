"""The findings that GitHub shows beside the lines of a pull request. Values only: sending them is a gateway's."""

from dataclasses import dataclass
from typing import Literal

from deploy_pipeline.core.checks.assessment import CheckResult, Finding
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.subject import ChangedFile, Subject

MOST_ANNOTATIONS = 50
"""What GitHub takes in one request."""
AnnotationLevel = Literal["notice", "warning", "failure"]


@dataclass(frozen=True)
class Annotation:
    """A message at the lines `start_line` to `end_line` (inclusive, from 1) of a file of the head. Plain text."""

    path: str
    start_line: int
    end_line: int
    level: AnnotationLevel
    title: str
    message: str


def annotations(subject: Subject, result: CheckResult) -> tuple[Annotation, ...]:
    """The findings on lines that the pull request changed, those that block first; at most `MOST_ANNOTATIONS`.

    A finding about a changed file as a whole stands at its first line.
    """
    changed = {change.path: change for change in subject.changes if change.kind != "removed"}
    found = []
    for finding in sorted(result.findings, key=lambda each: (not each.blocks, each.known, each.path, each.line)):
        change = changed.get(finding.path)
        lines = _lines(finding, change) if change else None
        if lines:
            found.append(_annotation(finding, lines))
    return tuple(found[:MOST_ANNOTATIONS])


def _lines(finding: Finding, change: ChangedFile) -> tuple[int, int] | None:
    """Where to show the finding: the first range of changed lines that it touches, as far as it does."""
    if finding.line <= 0:
        return 1, 1
    end = max(finding.line, finding.end_line)
    for first, last in change.lines:
        if first <= end and finding.line <= last:
            return max(first, finding.line), min(last, end)
    return None


def _annotation(finding: Finding, lines: tuple[int, int]) -> Annotation:
    return Annotation(
        path=finding.path,
        start_line=lines[0],
        end_line=lines[1],
        level=_level(finding),
        title=plain(" ".join(part for part in (finding.severity, finding.rule, finding.subject) if part), 120),
        message=plain(finding.message, 1000) or "see the run",
    )


def _level(finding: Finding) -> AnnotationLevel:
    if finding.level == "error":
        return "failure" if finding.blocks else "warning"
    return finding.level
