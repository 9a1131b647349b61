"""What a check of a pull request found, and what follows from it. Values only: running tools is `checks`."""

from dataclasses import dataclass, field
from typing import Literal

State = Literal["passed", "failed", "not_audited", "waiting", "skipped", "broken"]
"""How a check ended.

`not_audited`: the tool could not do its work (no advisory database, no account), so nothing is known.
`waiting`: it runs when a maintainer allows it. `skipped`: nothing that it looks at has changed, or it is switched off.
`broken`: the pipeline itself failed, not the pull request.
"""
Level = Literal["error", "warning", "notice"]


@dataclass(frozen=True)
class Finding:
    """One thing that a tool found. `path` is relative to the repository, empty where no file is meant.

    `line` counts from 1; 0 where no line is meant. `subject` is what the finding is about where that is not a line: a
    Terraform address, a package, a test. `blocks` says whether it makes its check fail, `known` whether the base branch
    has it too (then it never blocks).
    """

    rule: str
    message: str
    level: Level = "error"
    path: str = ""
    line: int = 0
    end_line: int = 0
    subject: str = ""
    blocks: bool = True
    known: bool = False
    severity: str = ""


@dataclass(frozen=True)
class Table:
    """Something to read as a table, on the comment, in the run's metadata, on the terminal. Cells are plain text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Report:
    """A file that a tool wrote, kept as an artefact. `name` is a file name such as `report.json`."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Assessment:
    """What one tool's run amounts to. `summary` is one plain line, for GitHub at most 140 characters are shown.

    `tables` are for people; `facts` for programs (plan digest, coverage, monthly cost), small and without secrets.
    """

    state: State
    summary: str
    findings: tuple[Finding, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: dict[str, str | int | float] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """How one check of a pull request ended. `seconds` is its wall time; `reports` are the keys of kept artefacts.

    `findings` holds the most important ones only, at most `MOST_FINDINGS`; `found` counts all of them, `blocking` those
    that block. `required` is the spec's policy: whether a failure fails the pull request.
    """

    check: str
    state: State
    summary: str
    required: bool
    seconds: float = 0.0
    found: int = 0
    blocking: int = 0
    findings: tuple[Finding, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: dict[str, str | int | float] = field(default_factory=dict)
    reports: tuple[str, ...] = ()


MOST_FINDINGS = 200


def skipped(reason: str) -> Assessment:
    """A check that did not have to run, and why."""
    return Assessment("skipped", reason)


def not_audited(reason: str, reports: tuple[Report, ...] = ()) -> Assessment:
    """A tool that could not do its work, and why: never a pass."""
    return Assessment("not_audited", reason, reports=reports)
