"""mypy: its command line, and what its answer means. It prints a JSON object for each message, else nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any

from deploy_pipeline.core.checks.assessment import Assessment, Finding, skipped
from deploy_pipeline.core.checks.outcome import crashed
from deploy_pipeline.core.checks.plain_text import counted, plain, repository_path, unshowable
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_python_checks import MypyCheck

CLEAN, FOUND, STOPPED = 0, 1, 2
NO_VERDICT = "mypy ended without a verdict: a package of the environment may have stopped it"
NO_FILES = "There are no .py[i] files"
PLAIN_ERROR = re.compile(r"^(.+?):(?:(\d{1,9}):)? error: (.+)$", re.MULTILINE)


def argv(spec: MypyCheck, places: Places) -> tuple[str, ...]:
    """In the environment of the repository. `-I` keeps modules of the checkout from being taken for mypy's own."""
    own = (f"--junit-xml={report(places)}", "--no-incremental", "--cache-dir=/dev/null", "--output=json")
    return (places.python, "-I", "-m", "mypy", *spec.arguments, *own, "--", *spec.targets)


def report(places: Places) -> str:
    """The file that mypy writes at its end: without it, silence means nothing."""
    return f"{places.scratch}/mypy.xml"


def assess(outcome: Outcome, checkout: str, written: bytes | None) -> Assessment:
    """A program that finished: errors are findings that block, notes are findings that do not.

    `written` is its report, None for none.
    """
    if outcome.returncode == STOPPED and NO_FILES in outcome.stderr:
        return skipped("mypy found no Python files")
    findings = (*_messages(outcome.stdout, checkout), *_plain_errors(outcome.stderr, checkout))
    errors = [finding for finding in findings if finding.blocks]
    if errors and outcome.returncode in {CLEAN, FOUND, STOPPED}:
        files = len({(finding.path, finding.subject) for finding in errors})
        return Assessment("failed", f"{counted(len(errors), 'error')} in {counted(files, 'file')}", findings)
    if outcome.returncode == CLEAN and b"<testsuite" not in (written or b""):
        return Assessment("failed", NO_VERDICT, findings)
    if outcome.returncode == CLEAN:
        return Assessment("passed", "no type errors", findings)
    return crashed("mypy", outcome)


def _messages(text: str, checkout: str) -> Iterator[Finding]:
    for line in text.split("\n"):
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(message, dict):
            yield _finding(message, checkout)


def _finding(message: dict[str, Any], checkout: str) -> Finding:
    note = message.get("severity") == "note"
    file = str(message.get("file"))
    return Finding(
        plain(str(message.get("code") or "mypy"), 60),
        plain(str(message.get("message"))),
        "notice" if note else "error",
        repository_path(file, checkout),
        _line(message.get("line")),
        _line(message.get("end_line")),
        subject=unshowable(file, checkout),
        blocks=not note,
    )


def _plain_errors(text: str, checkout: str) -> Iterator[Finding]:
    """What stops mypy altogether (a file that is not UTF-8, an error in mypy itself) is not printed as JSON."""
    for path, line, message in PLAIN_ERROR.findall(text):
        shown, instead = repository_path(path, checkout), unshowable(path, checkout)
        yield Finding("mypy", plain(message), path=shown, line=int(line or 0), subject=instead)


def _line(number: object) -> int:
    """mypy gives -1 where no line is meant."""
    return max(number, 0) if isinstance(number, int) else 0
