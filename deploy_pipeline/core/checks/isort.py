"""isort: its command line, and what its answer means. It has no machine format, so what counts is its return code."""

import re

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report
from deploy_pipeline.core.checks.formatter_diff import first_changes
from deploy_pipeline.core.checks.outcome import crashed
from deploy_pipeline.core.checks.plain_text import counted, plain, repository_path, unshowable
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_python_checks import IsortCheck

SORTED, UNSORTED = 0, 1
ERROR = re.compile(r"^ERROR: (.+)$", re.MULTILINE)
UNPARSED = re.compile(r"UserWarning: Unable to parse file (.+?) due to (.+)$", re.MULTILINE)
INCORRECT = " Imports are incorrectly sorted and/or formatted."


def argv(spec: IsortCheck, places: Places) -> tuple[str, ...]:
    """Only looks; the diff goes to standard output, the names of files to standard error."""
    return (places.program("isort"), *spec.arguments, "--check-only", "--diff", "--", *spec.targets)


def assess(outcome: Outcome, checkout: str) -> Assessment:
    """A program that finished: unsorted files are findings, and so is what isort cannot read.

    It only warns of a file that is not UTF-8, and leaves it out: that is no success, whatever it returns.
    """
    lines = first_changes(outcome.stdout, checkout)
    unsorted = tuple(_finding(error, lines, checkout) for error in ERROR.findall(outcome.stderr))
    findings = (
        *unsorted,
        *(_unparsed(name, reason, checkout) for name, reason in UNPARSED.findall(outcome.stderr)),
    )
    if outcome.returncode == SORTED and not findings:
        return Assessment("passed", "imports are in order")
    if outcome.returncode not in {SORTED, UNSORTED} or not findings:
        return crashed("isort", outcome)
    return Assessment("failed", _summary(findings), findings, reports=(Report("isort.diff", outcome.stdout.encode()),))


def _summary(findings: tuple[Finding, ...]) -> str:
    broken = [finding for finding in findings if finding.rule != "order"]
    unsorted = len(findings) - len(broken)
    parts = [f"imports of {counted(unsorted, 'file')} are not in order"] if unsorted else []
    if broken:
        file = broken[0].path or broken[0].subject
        parts.append(f"cannot read {file}: {broken[0].message}" if file else f"cannot read a file: {broken[0].message}")
    return "; ".join(parts)


def _unparsed(name: str, reason: str, checkout: str) -> Finding:
    path = repository_path(name, checkout)
    return Finding("unreadable", plain(reason), path=path, subject=unshowable(name, checkout))


def _finding(error: str, lines: dict[str, int], checkout: str) -> Finding:
    if not error.endswith(INCORRECT):
        return Finding("unreadable", plain(error))
    name = error.removesuffix(INCORRECT)
    path = repository_path(name, checkout)
    message = "isort would order these imports differently"
    return Finding("order", message, path=path, line=lines.get(path, 0), subject=unshowable(name, checkout))
