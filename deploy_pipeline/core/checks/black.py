"""black: its command line, and what its answer means. It has no machine format, so what counts is its return code."""

import re

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, skipped
from deploy_pipeline.core.checks.formatter_diff import first_changes
from deploy_pipeline.core.checks.outcome import crashed
from deploy_pipeline.core.checks.plain_text import counted, plain, repository_path, unshowable
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_python_checks import BlackCheck

FORMATTED, WOULD_REFORMAT, CANNOT_FORMAT = 0, 1, 123
NO_FILES = "No Python files are present to be formatted"
UNFORMATTED = re.compile(r"^would reformat (.+)$", re.MULTILINE)
UNPARSED = re.compile(r"^error: cannot parse: (.+):(\d{1,9}):\d+$", re.MULTILINE)
BROKEN = re.compile(r"^error: cannot format (.+?): (.+)$", re.MULTILINE)


def argv(spec: BlackCheck, places: Places) -> tuple[str, ...]:
    """Only looks; the diff goes to standard output, the names of files to standard error."""
    own = ("--check", "--diff", "--no-color", "--no-cache")
    return (places.program("black"), *spec.arguments, *own, "--", *spec.targets)


def assess(outcome: Outcome, checkout: str) -> Assessment:
    """A program that finished: unformatted files, and files that are no Python, are findings."""
    if outcome.returncode == FORMATTED:
        return skipped("black found no Python files") if NO_FILES in outcome.stderr else _formatted(outcome)
    findings = _findings(outcome, checkout)
    if outcome.returncode not in {WOULD_REFORMAT, CANNOT_FORMAT} or not findings:
        return crashed("black", outcome)
    broken = sum(finding.rule != "format" for finding in findings)
    unformatted = len(findings) - broken
    parts = [f"{counted(unformatted, 'file')} would be reformatted"] if unformatted else []
    parts += [f"{counted(broken, 'file')} cannot be read"] if broken else []
    return Assessment("failed", ", ".join(parts), findings, reports=(Report("black.diff", outcome.stdout.encode()),))


def _formatted(outcome: Outcome) -> Assessment:
    count = re.search(r"(\d+) files? would be left unchanged", outcome.stderr)
    return Assessment(
        "passed",
        counted(int(count[1]), "file is formatted", "files are formatted") if count else "every file is formatted",
    )


def _findings(outcome: Outcome, checkout: str) -> tuple[Finding, ...]:
    lines = first_changes(outcome.stdout, checkout)
    unformatted = (
        (name, lines.get(repository_path(name, checkout), 0)) for name in UNFORMATTED.findall(outcome.stderr)
    )
    unparsed = ((name, int(line)) for name, line in UNPARSED.findall(outcome.stderr))
    return (
        *(_finding("format", "black would reformat this", name, line, checkout) for name, line in unformatted),
        *(_finding("syntax", "black cannot parse this", name, line, checkout) for name, line in unparsed),
        *(_finding("unreadable", plain(reason), name, 0, checkout) for name, reason in BROKEN.findall(outcome.stderr)),
    )


def _finding(rule: str, message: str, name: str, line: int, checkout: str) -> Finding:
    path = repository_path(name, checkout)
    return Finding(rule, message, path=path, line=line, subject=unshowable(name, checkout))
