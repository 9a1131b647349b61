"""Coverage of tests in percent of lines: read from coverage.py's report, and kept for commits of the base branch."""

import json
import math

from deploy_pipeline.core.spec_python_checks import PytestCheck

FOLDER = "validation/coverage"
WHOLE = 100


def read_coverage(report: bytes | None) -> float | None:
    """Percent of lines that ran; None when there is no such report, or it measured nothing."""
    try:
        totals = json.loads(report or b"")["totals"]
        covered, statements = totals["covered_lines"], totals["num_statements"]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    if type(covered) is not int or type(statements) is not int or not 0 <= covered <= statements or not statements:
        return None
    return WHOLE * covered / statements


def shown(percent: float) -> str:
    """Rounded down, so that what is below a limit never looks like the limit."""
    return f"{math.floor(percent * 100) / 100:g} %"


def stored_key(commit: str) -> str:
    """Where the coverage of a commit is kept."""
    return f"{FOLDER}/{commit}.json"


def to_stored(spec: PytestCheck, percent: float | None) -> bytes:
    """What is kept: the number (None: the tests of that commit measure nothing), and what it was measured of."""
    return json.dumps({"coverage": percent, **_measured(spec)}).encode()


def from_stored(spec: PytestCheck, body: bytes | None) -> tuple[bool, float | None]:
    """Whether the kept measurement can be compared with one by this spec, and its number."""
    try:
        content = json.loads(body or b"")
        percent = content.pop("coverage")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return False, None
    if content != _measured(spec):
        return False, None
    if percent is None:
        return True, None
    sensible = isinstance(percent, int | float) and not isinstance(percent, bool) and 0 <= percent <= WHOLE
    return (True, float(percent)) if sensible else (False, None)


def _measured(spec: PytestCheck) -> dict[str, list[str]]:
    return {"targets": list(spec.targets), "coverage_of": list(spec.coverage_of), "arguments": list(spec.arguments)}
