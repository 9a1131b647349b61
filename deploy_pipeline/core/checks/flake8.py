"""flake8: its command line, and what its answer means. Each finding is printed as one Python tuple on one line."""

import ast

from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.outcome import crashed
from deploy_pipeline.core.checks.plain_text import counted, plain, repository_path, unshowable
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_python_checks import Flake8Check

CLEAN, FOUND = 0, 1
FORMAT = "(%(path)r,%(row)d,%(code)r,%(text)r)"
"""A file name may hold colons and line breaks; as a Python literal it cannot be taken for anything else."""


def argv(spec: Flake8Check, places: Places) -> tuple[str, ...]:
    """The format is given last: it counts, whatever the configuration says."""
    own = (f"--format={FORMAT}", "--color=never")
    return (places.program("flake8"), *spec.arguments, *own, "--", *spec.targets)


def assess(outcome: Outcome, checkout: str) -> Assessment:
    """A program that finished. Return code 1 stands for findings and for a crash: findings tell them apart."""
    findings = tuple(
        finding for line in outcome.stdout.split("\n") if (finding := _finding(line, checkout)) is not None
    )
    if findings and outcome.returncode in {CLEAN, FOUND}:
        files = len({(finding.path, finding.subject) for finding in findings})
        summary = f"{counted(len(findings), 'problem')} in {counted(files, 'file')}"
        return Assessment("failed", summary, findings)
    if outcome.returncode == CLEAN:
        return Assessment("passed", "no problems")
    return crashed("flake8", outcome)


def _finding(line: str, checkout: str) -> Finding | None:
    """None for anything else on standard output, such as statistics."""
    try:
        match ast.literal_eval(line):
            case (str(path), int(row), str(code), str(text)):
                shown, instead = repository_path(path, checkout), unshowable(path, checkout)
                return Finding(plain(code, 20), plain(text), path=shown, line=max(row, 0), subject=instead)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return None
