"""hadolint: its command line, and what its report of the Dockerfiles means."""

import json
from typing import Any

from deploy_pipeline.core.checks.assessment import Finding, Level
from deploy_pipeline.core.checks.misconfiguration import Read
from deploy_pipeline.core.checks.plain_text import plain, repository_path
from deploy_pipeline.core.isolation import Places
from deploy_pipeline.core.spec_infrastructure_checks import HadolintCheck

# The worst first, as hadolint orders them.
ORDER = ("error", "warning", "info", "style")
LEVELS: dict[str, Level] = {"error": "error", "warning": "warning"}


def argv(spec: HadolintCheck, places: Places, files: tuple[str, ...]) -> tuple[str, ...]:
    """Look at `files`, paths relative to the current folder. With `--no-fail` it ends with 0 whatever it finds."""
    own = ("--format", "json", "--no-fail", "--no-color")
    # "./": no file can look like an option.
    return (places.program("hadolint"), *spec.arguments, *own, *(f"./{file}" for file in files))


def parse(spec: HadolintCheck, report: str, root: str, files: int) -> Read | None:
    """What the report of so many files says; None when it is not what hadolint documents."""
    try:
        content = json.loads(report)
        if not isinstance(content, list):
            return None
        return Read(tuple(dict.fromkeys(_finding(spec, each, root) for each in content)), files)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _finding(spec: HadolintCheck, item: dict[str, Any], root: str) -> Finding:
    level = item["level"] if item["level"] in ORDER else "error"
    return Finding(
        plain(item["code"], 20),
        plain(item["message"]),
        LEVELS.get(level, "notice"),
        repository_path(item["file"], root),
        int(item["line"]),
        blocks=ORDER.index(level) <= ORDER.index(spec.failure_threshold),
        severity=level,
    )
