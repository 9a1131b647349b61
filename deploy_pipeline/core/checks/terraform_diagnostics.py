"""Terraform's errors, as it prints them for people or as JSON lines, made into findings. What they mean: the checks."""

import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.plain_text import counted, plain, repository_path
from deploy_pipeline.core.terraform_errors import BOX

MOST_ERRORS = 100
LOSSES = ("delete", "replace")
START = re.compile(r"^(?=(?:Error|Warning): )", re.M)
PLACE = re.compile(r"^\s+on (?P<path>.+?) line (?P<line>\d{1,7})(?:[,:]|$)", re.M)
BLANK = re.compile(r"\n[ \t]*\n")
# An announcement of the errors that follow it.
GENERAL = re.compile(r"Terraform encountered problems|problems with the configuration, described below")
# What Terraform quotes of the file, and what it says of the values in it: the finding has the line already.
QUOTED = re.compile(r"^\s+(?:\d+: |on .+ line \d+|├|│).*$", re.M)


def errors_in(text: str, root: str, folder: str = "", *, rule: str) -> tuple[Finding, ...]:
    """One blocking finding per different error. Terraform ran in `folder` (relative to the repository) below `root`.

    What only announces errors is left out where one of them has a place.
    """
    blocks = [block for block in START.split(BOX.sub("", text)) if block.startswith("Error: ")]
    telling = [block for block in blocks if not GENERAL.search(" ".join(block.split()))]
    chosen = telling if any(PLACE.search(block) for block in telling) else blocks
    return tuple(dict.fromkeys(_finding(block, root, folder, rule) for block in chosen))[:MOST_ERRORS]


@dataclass(frozen=True)
class Streamed:
    """An error of Terraform's JSON output. Anything may stand in `detail`: a configuration can write into it."""

    finding: Finding
    detail: str


def streamed_errors(text: str, root: str, folder: str = "", *, rule: str) -> tuple[Streamed, ...]:
    """The different errors among JSON lines: one blocking finding each, of its summary and place alone."""
    found = (_streamed(each, root, folder, rule) for each in _diagnostics(text))
    return tuple(dict.fromkeys(found))[:MOST_ERRORS]


def announced_losses(text: str) -> frozenset[str]:
    """The addresses that a plan's JSON lines say it destroys or replaces."""
    changes = (each["change"] for each in _objects(text) if isinstance(each.get("change"), dict))
    lost = (each.get("resource") for each in changes if each.get("action") in LOSSES)
    return frozenset(str(resource.get("addr")) for resource in lost if isinstance(resource, dict))


def _diagnostics(text: str) -> Iterator[dict[str, Any]]:
    for each in _objects(text):
        diagnostic = each.get("diagnostic")
        if isinstance(diagnostic, dict) and diagnostic.get("severity") == "error":
            yield diagnostic


def _objects(text: str) -> Iterator[dict[str, Any]]:
    for line in text.split("\n"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _streamed(diagnostic: dict[str, Any], root: str, folder: str, rule: str) -> Streamed:
    try:
        place, line = str(diagnostic["range"]["filename"]), int(diagnostic["range"]["start"]["line"])
    except (KeyError, TypeError, ValueError):
        place, line = "", 0
    path = located(place, root, folder) if place else ""
    message = plain(" ".join(str(diagnostic.get("summary")).split()).rstrip(".:"))
    return Streamed(Finding(rule, message, path=path, line=line if path else 0), str(diagnostic.get("detail") or ""))


def headline(errors: Sequence[Finding], where: str) -> str:
    """The first error for a summary: in short with its place, or in full after `where` when it has none."""
    first = errors[0]
    told = (
        f"{first.path}:{first.line}: {first.message.partition(': ')[0]}" if first.line else f"{where}: {first.message}"
    )
    return told if len(errors) == 1 else f"{told}, and {counted(len(errors) - 1, 'more error')}"


def located(path: str, root: str, folder: str) -> str:
    """A path that Terraform printed, relative to the repository; "" where it leads out of it."""
    return repository_path(posixpath.join(root, folder, path), root)


def _finding(block: str, root: str, folder: str, rule: str) -> Finding:
    place = PLACE.search(block)
    path = located(place["path"], root, folder) if place else ""
    # A blank line ends the summary: a long one is wrapped.
    summary, detail = (*BLANK.split(block.removeprefix("Error: "), maxsplit=1), "")[:2]
    message = plain(f"{' '.join(summary.split()).rstrip('.:')}: {QUOTED.sub('', detail).strip()}".rstrip(": "))
    return Finding(rule, message, path=path, line=int(place["line"]) if place and path else 0)
