"""The parts below the verdict of a pull request's comment: notes, and what each check has to show. Markdown."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy_pipeline.core.checks.assessment import CheckResult, Finding, State, Table
from deploy_pipeline.core.checks.catalogue import base_branch
from deploy_pipeline.core.checks.markdown import blob, code, prose, row
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.verdict import short_name

MOST_ROWS = 50
MOST_COLUMNS = 10
MOST_NAMES = 20
ICONS: dict[State, str] = {
    "passed": "✅",
    "failed": "❌",
    "not_audited": "❔",
    "waiting": "⏸️",
    "skipped": "➖",
    "broken": "💥",
}
LOSSES = ("destroy", "replace")


@dataclass(frozen=True)
class Part:
    """A piece of the comment that can be cut after any of its units, none of which makes sense in halves."""

    units: tuple[str, ...]
    opening: str = ""
    closing: str = ""


def icon(result: CheckResult) -> str:
    """The sign of the result's state; a failure that does not block is a warning."""
    return "⚠️" if result.state in ("failed", "broken") and not result.required else ICONS[result.state]


def notes_part(subject: Subject, results: tuple[CheckResult, ...], notes: tuple[str, ...]) -> Part:
    """What a reader has to know beside the results. `notes` are plain sentences."""
    found = [
        *_waiting(subject, results),
        *_overruled(subject),
        *(prose(note, 500) for note in notes[:MOST_NAMES]),
    ]
    return Part(tuple(f"- {note}" for note in found), opening="\n### Notes\n" if found else "")


def check_part(subject: Subject, result: CheckResult) -> Part | None:
    """The findings of a check that failed, and the tables of any; None for a check without either."""
    findings = result.findings if result.state in ("failed", "broken") else ()
    units = [*_findings(subject, result, findings), *(unit for table in result.tables for unit in _table(table))]
    if not units:
        return None
    # Within HTML, Markdown's escapes do not count.
    name = html.escape(plain(short_name(result.check), 60))
    return Part(
        tuple(units),
        f"\n<details><summary>{icon(result)} <code>{name}</code>: {_count(result)}</summary>",
        "\n</details>",
    )


def _count(result: CheckResult) -> str:
    if not result.found:
        return "details"
    findings = "1 finding" if result.found == 1 else f"{result.found:,} findings"
    return f"{findings}, {result.blocking:,} blocking"


def _findings(subject: Subject, result: CheckResult, findings: tuple[Finding, ...]) -> Iterator[str]:
    ordered = sorted(findings, key=lambda finding: (not finding.blocks, finding.known))[:MOST_ROWS]
    rows = [
        (
            _where(subject, finding),
            code(" ".join(part for part in (finding.severity, finding.rule) if part), 80),
            prose(finding.message),
            _blocks(subject, finding),
        )
        for finding in ordered
    ]
    return _rows("", ("Where", "Rule", "Finding", "Blocks"), rows, max(result.found, len(findings)))


def _blocks(subject: Subject, finding: Finding) -> str:
    if finding.blocks:
        return "yes"
    return f"no, {code(base_branch(subject), 60)} has it too" if finding.known else "no"


def _where(subject: Subject, finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}" if finding.path and finding.line > 0 else finding.path
    shown = code(place, 150)
    pull_request = subject.pull_request
    if shown and pull_request:
        repository_url = pull_request.url.partition("/pull/")[0]
        address = blob(repository_url, subject.head, finding.path, finding.line, finding.end_line)
        shown = f"[{shown}]({address})" if address else shown
    return " ".join(part for part in (shown, code(finding.subject, 150)) if part)


def _table(table: Table) -> Iterator[str]:
    columns = table.columns[:MOST_COLUMNS]
    empty = ("",) * len(columns)
    rows = [tuple(_cell(cell) for cell in (*cells, *empty)[: len(columns)]) for cells in table.rows[:MOST_ROWS]]
    return _rows(f"**{prose(table.title)}**" if table.title else "", tuple(map(prose, columns)), rows, len(table.rows))


def _cell(text: str) -> str:
    return f"**{text}**" if text in LOSSES else prose(text)


def _rows(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], count: int) -> Iterator[str]:
    """A table's units: the head comes with the first row, since a head alone says nothing."""
    if not rows or not columns:
        return
    head = [*(["", title] if title else []), "", row(*columns), row(*["---"] * len(columns))]
    yield "\n".join([*head, row(*rows[0])])
    yield from (row(*cells) for cells in rows[1:])
    if count > len(rows):
        yield f"\n… and {count - len(rows):,} more: they are in the run."


def _waiting(subject: Subject, results: tuple[CheckResult, ...]) -> Iterator[str]:
    names = tuple(short_name(result.check) for result in results if result.state == "waiting")
    if names:
        yield (
            f"**Waiting for a maintainer**: {_names(names)}. These use credentials or the network, so somebody who "
            f"may write to this repository reads the change first and then adds the label "
            f"{code(subject.spec.validation.label, 60)}. It counts for the commit {code(subject.head[:10])} alone."
        )


def _overruled(subject: Subject) -> Iterator[str]:
    if subject.overruled:
        yield (
            f"**Takes effect after the merge**: {_names(subject.overruled)}. The checks used the configuration of "
            f"{code(base_branch(subject), 60)}."
        )


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(code(name, 150) for name in names[:MOST_NAMES]) + more
