"""Checkov: its command line, and its JSON report. It has no severities without an account: each new finding blocks.

Checkov runs Python code that a `.checkov.yaml` names. It looks for one in the current folder, in the home folder, and
in each folder that follows an argument which is exactly `-d` or `--directory`.
"""

import json
from typing import Any

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.misconfiguration import UNREADABLE, Read, accepted
from deploy_pipeline.core.checks.plain_text import plain, repository_path
from deploy_pipeline.core.isolation import Places
from deploy_pipeline.core.spec_infrastructure_checks import CheckovCheck

CLEAN, FOUND = 0, 1


def argv(spec: CheckovCheck, places: Places, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Scan `folders` (paths in the box). To be run in the scratch folder, where no configuration lies."""
    # One argument, not two: see above.
    directories = tuple(f"--directory={folder}" for folder in folders)
    quiet = ("--skip-download", "--download-external-modules=false", "--output=json", "--compact", "--quiet")
    return (places.program("checkov"), *directories, "--framework", *spec.frameworks, *quiet)


def parse(spec: CheckovCheck, report: str, root: str) -> Read | None:
    """What the report says; None when it is not what Checkov documents.

    It is an object, or a list of them for several frameworks; only its summary where there is nothing to look at.
    """
    try:
        content = json.loads(report)
        parts = content if isinstance(content, list) else [content]
        summaries = [part.get("summary", part) for part in parts]
        failed = [each for part in parts if "results" in part for each in part["results"]["failed_checks"]]
        found = tuple(dict.fromkeys(_finding(each, root) for each in failed))
        broken = sum(int(summary["parsing_errors"]) for summary in summaries)
        looked_at = sum(
            int(summary["passed"]) + int(summary["failed"]) + int(summary["skipped"]) for summary in summaries
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None
    return Read((*accepted(found, spec.ignore), *(_not_parsed() for _ in range(min(broken, 100)))), looked_at + broken)


def _finding(failed: dict[str, Any], root: str) -> Finding:
    first, last = failed["file_line_range"]
    return Finding(
        plain(failed["check_id"], 40),
        plain(failed["check_name"]),
        "error",
        repository_path(failed["file_abs_path"], root),
        int(first),
        int(last),
        plain(str(failed["resource"]), 200),
        severity=plain(str(failed.get("severity") or ""), 20),
    )


def _not_parsed() -> Finding:
    return Finding(UNREADABLE, "Checkov could not parse a file and did not look at it: see terraform_fmt for which")
