"""`terraform validate`: what its JSON says about one stack."""

import json
from typing import Any

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Level
from deploy_pipeline.core.checks.outcome import crashed, unreadable
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.terraform_diagnostics import MOST_ERRORS, headline, located
from deploy_pipeline.core.isolation import Outcome

VALID, INVALID = 0, 1
LEVELS: dict[str, Level] = {"error": "error", "warning": "warning"}


def assess(outcome: Outcome, root: str, folder: str) -> Assessment:
    """A program that finished in `folder` (relative to the repository) below `root`."""
    if outcome.returncode not in {VALID, INVALID}:
        return crashed("terraform validate", outcome)
    try:
        report = json.loads(outcome.stdout)
        valid = report["valid"]
        found = tuple(dict.fromkeys(_finding(each, root, folder) for each in report["diagnostics"][:MOST_ERRORS]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return unreadable("terraform validate", outcome)
    errors = [finding for finding in found if finding.blocks]
    if errors:
        return Assessment("failed", headline(errors, folder), found)
    if valid is not True or outcome.returncode != VALID:
        return unreadable("terraform validate", outcome)
    return Assessment("passed", f"{folder} is valid", found)


def _finding(diagnostic: dict[str, Any], root: str, folder: str) -> Finding:
    level = LEVELS.get(diagnostic["severity"], "error")
    place = diagnostic.get("range") or {}
    path = located(str(place["filename"]), root, folder) if place else ""
    return Finding(
        "terraform-validate",
        plain(f"{diagnostic['summary']}: {diagnostic.get('detail') or ''}".rstrip(": ")),
        level,
        path,
        int(place["start"]["line"]) if path else 0,
        int(place["end"]["line"]) if path else 0,
        blocks=level == "error",
    )
