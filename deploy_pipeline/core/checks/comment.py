"""The comment on a pull request: the verdict, every check, and what they found, cut to what GitHub takes.

Text of tools and of the pull request is untrusted and goes through `markdown`. Posting it is not done here.
"""

from collections.abc import Iterable

from deploy_pipeline.core.checks.assessment import CheckResult, State
from deploy_pipeline.core.checks.catalogue import base_branch
from deploy_pipeline.core.checks.comment_parts import Part, check_part, icon, notes_part
from deploy_pipeline.core.checks.markdown import code, prose, row
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.verdict import Verdict, in_words, short_name

MARKER = "<!-- deploy-pipeline: validation -->"
"""The first line, by which the comment is found again."""
LIMIT = 65_000
"""GitHub takes 65,536 characters."""
_HEADINGS = {
    "passed": "✅ Validation passed",
    "failed": "❌ Validation failed",
    "incomplete": "⏸️ Validation incomplete",
}
_ORDER: tuple[State, ...] = ("failed", "broken", "waiting", "not_audited", "passed", "skipped")
_WIDTHS = (200, 80, 0)
_NUMBERS_RIGHT = "| :-: | --- | --- | --: | --: | --: |"


def render(
    subject: Subject,
    results: tuple[CheckResult, ...],
    verdict: Verdict,
    run_url: str,
    notes: tuple[str, ...] = (),
    limit: int = LIMIT,
) -> str:
    """The comment as Markdown, the same for the same values, at most `limit` characters as UTF-16 counts them.

    `notes` are further plain sentences for the reader. What is too long is cut after a whole row, with a link to the
    run; the verdict and the row of each check always stay.
    """
    ordered = tuple(sorted(results, key=lambda result: (_ORDER.index(result.state), not result.required)))
    cut = f"\n… cut: the rest is in [the run]({run_url})."
    parts = [notes_part(subject, ordered, notes), *(check_part(subject, result) for result in ordered)]
    head = _head(subject, ordered, verdict, run_url, limit - _size(cut))
    lines, complete = _fitted((part for part in parts if part), limit - _size(head) - _size(cut))
    return "\n".join([head, *lines, *([] if complete else [cut])])


def _head(subject: Subject, results: tuple[CheckResult, ...], verdict: Verdict, run_url: str, limit: int) -> str:
    """Everything down to the rows of the checks, with shorter words in them where it does not fit."""
    base = code(base_branch(subject), 60)
    intro = (
        f"{MARKER}\n## {_HEADINGS[verdict.state]}\n\n{prose(verdict.summary, 500)}\n\n"
        f"Commit {code(subject.head[:10])} against {base} · rules (deploy.yaml, configuration of the tools) from "
        f"{base}, not from this pull request · [run]({run_url})\n"
    )
    if not results:
        return intro
    head = ""
    for width in _WIDTHS:
        rows = [_row(result, width) for result in results]
        head = "\n".join([intro, row("", "Check", "Result", "Found", "Blocking", "Time"), _NUMBERS_RIGHT, *rows])
        if _size(head) <= limit:
            break
    return head


def _row(result: CheckResult, width: int) -> str:
    return row(
        icon(result),
        code(short_name(result.check), 60),
        prose(in_words(result, width)) if width else result.state.replace("_", " "),
        f"{result.found:,}" if result.found else "",
        f"{result.blocking:,}" if result.blocking else "",
        _duration(result.seconds) if result.state not in ("skipped", "waiting") else "",
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s" if rest else "< 1 s"


def _fitted(parts: Iterable[Part], room: int) -> tuple[list[str], bool]:
    """As many whole units as there is room for, every part that was opened closed again; and whether that is all."""
    lines: list[str] = []
    for part in parts:
        room -= _size(part.opening) + _size(part.closing)
        if part.units and room < _size(part.units[0]):
            return lines, False
        lines += [part.opening] if part.opening else []
        for unit in part.units:
            room -= _size(unit)
            if room < 0:
                return [*lines, part.closing], False
            lines.append(unit)
        lines += [part.closing] if part.closing else []
    return lines, True


def _size(text: str) -> int:
    """How long GitHub may take the text for: in UTF-16, where an icon counts twice, and with a line feed after it."""
    return len(text.encode("utf-16-le")) // 2 + 1
