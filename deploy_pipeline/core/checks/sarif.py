"""Reads findings from SARIF 2.1, the format that many analysers share. The text is untrusted."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from deploy_pipeline.core.checks.assessment import Finding, Level
from deploy_pipeline.core.checks.plain_text import plain, repository_path

LONGEST = 16 * 1024 * 1024
_LEVELS: dict[str, Level] = {"error": "error", "warning": "warning", "note": "notice", "none": "notice"}
_SEVERITIES = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"), (0.0, "LOW"))


def read_sarif(text: str, checkout: str = "/checkout") -> tuple[Finding, ...] | None:
    """The findings of all runs in their order, or None for a text that is not a complete SARIF log of 2.1.

    `checkout` is the folder that absolute paths are below; what lies elsewhere has no path. `severity` is one of
    CRITICAL to LOW where the rule has `security-severity`. Suppressed results do not block.
    """
    if len(text) > LONGEST:
        return None
    try:
        return tuple(_findings(json.loads(text), checkout))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError):
        return None


def _findings(log: Any, checkout: str) -> Iterator[Finding]:
    """Raises what a missing or wrong part raises: a log that is half understood proves nothing."""
    if not log["version"].startswith("2.1.") or not log["runs"]:
        raise ValueError("not SARIF 2.1 with a run")
    for run in log["runs"]:
        rules = {rule["id"]: rule for rule in run["tool"]["driver"].get("rules") or []}
        # null says that the tool did not look (section 3.14.23)
        for result in run["results"]:
            yield _finding(result, rules, checkout)


def _finding(result: dict[str, Any], rules: dict[str, dict[str, Any]], checkout: str) -> Finding:
    id = result["ruleId"]
    rule = rules.get(id, {})
    path, line, end_line = _place(result.get("locations") or [], checkout)
    default = rule.get("defaultConfiguration", {}).get("level", "warning")
    return Finding(
        rule=plain(id, 100),
        message=plain(result["message"]["text"]),
        level=_LEVELS[result.get("level", default)],
        path=path,
        line=line,
        end_line=end_line,
        blocks=not result.get("suppressions"),
        severity=_severity(rule.get("properties", {}).get("security-severity")),
    )


def _place(locations: list[dict[str, Any]], checkout: str) -> tuple[str, int, int]:
    if not locations:
        return "", 0, 0
    place = locations[0]["physicalLocation"]
    path = repository_path(unquote(urlsplit(place["artifactLocation"]["uri"]).path), checkout)
    region = place.get("region", {})
    line = int(region.get("startLine", 0))
    return path, max(line, 0), max(int(region.get("endLine", line)), 0)


def _severity(score: Any) -> str:
    if score is None:
        return ""
    return next((name for least, name in _SEVERITIES if float(score) >= least), "")
