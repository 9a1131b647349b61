"""Approvals by comments on the merged pull request: what is asked there, which comments answer it, what is said then.

Pure. A comment's text says what its author wants, and is never believed on who that is or what they may do.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from deploy_pipeline.core.checks.markdown import code, prose
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.ledger.approval import Approval, Decision
from deploy_pipeline.core.pull_permission import is_machine

LONGEST_REASON = 300
LONGEST_WHY = 500
_COMMAND = re.compile(
    r"/(approve|reject)(?:[ \t]+((?:deploy|plan|rollback)-[0-9a-f]{12}[0-9a-f-]*))?(?:[ \t]+(\S.*))?[ \t]*"
)
_LIKE_A_NAME = re.compile(r"[^\w\s]*(?:deploy|plan|rollback)-", re.IGNORECASE)
_DECISIONS: dict[str, Decision] = {"approve": "granted", "reject": "refused"}


@dataclass(frozen=True)
class Remark:
    """A comment on a pull request. Times are GitHub's own; a greater `id` is later."""

    id: int
    author: str
    body: str
    at: datetime
    edited: bool
    url: str


@dataclass(frozen=True)
class Order:
    """What a comment wants. Without a `name` it means the one thing that waits."""

    decision: Decision
    name: str
    reason: str


def order_of(body: str) -> Order | None:
    """What the first line of a comment wants, if anything. A name that is not quite one must not grant what waits."""
    lines = body.splitlines()
    found = _COMMAND.fullmatch(lines[0]) if lines else None
    if found is None or (not found[2] and _LIKE_A_NAME.match(found[3] or "")):
        return None
    return Order(_DECISIONS[found[1]], found[2] or "", plain(found[3] or "", LONGEST_REASON))


def question_marker(approval: Approval) -> str:
    """The first line of the comment that asks. What is asked again gets another comment."""
    return f"<!-- deploy-pipeline: {approval.id} asked {approval.asked_at.isoformat()} -->"


def answer_marker(approval: Approval) -> str:
    """The first line of the comment that says what was decided."""
    return f"<!-- deploy-pipeline: {approval.id} answered {approval.asked_at.isoformat()} -->"


def question(approval: Approval, environment: str) -> str:
    """The comment that asks, as Markdown."""
    commit, where = code(approval.commit.short), prose(environment)
    what = f"rollback of {where} to {commit}" if approval.way_back else f"deployment of {commit} to {where}"
    shown = "".join(f"- {code(line)}\n" for line in approval.shows)
    return (
        f"{question_marker(approval)}\n"
        f"### ⏸️ The {what} waits for a person\n\n"
        f"{prose(approval.why, LONGEST_WHY)}\n\n{shown}\nNothing has been changed. "
        f"It waits until {approval.until:%Y-%m-%d %H:%M} UTC, and is refused then.\n\n"
        "Who may write to this repository answers with a new comment here, whose first line is one of these:\n\n"
        f"```\n/approve {approval.id} why\n/reject {approval.id} why\n```\n"
    )


def answer(approval: Approval) -> str:
    """The comment that says what was decided, as Markdown."""
    then = "It goes on now." if approval.decision == "granted" else "Nothing was changed."
    said = f"{approval.id} was {approval.decision} by {prose(approval.by)}: {prose(approval.reason, LONGEST_REASON)}"
    return f"{answer_marker(approval)}\n{'✅' if approval.decision == 'granted' else '⛔'} {said}. {then}\n"


def asking(remarks: Iterable[Remark], approval: Approval, own_login: str) -> Remark | None:
    """Our comment that asks, where it is there."""
    own, marker = own_login.casefold(), question_marker(approval)
    ours = (each for each in remarks if each.author.casefold() == own and each.body.startswith(marker))
    return min(ours, key=lambda each: each.id, default=None)


def answering(
    remarks: Iterable[Remark], asked: Remark, approval: Approval, own_login: str, others: Collection[Approval]
) -> list[tuple[Remark, Order]]:
    """The comments that answer it, in order, if their authors may: people's, made after it was asked, never edited.

    `others` were asked on the same pull request: a comment need not name what it means where none of them waited.
    """
    found = []
    for each in sorted(remarks, key=lambda remark: remark.id):
        if each.id <= asked.id or each.at < asked.at or each.edited or is_machine(each.author, own_login):
            continue
        order = order_of(each.body)
        alone = order is not None and not order.name and not any(_waited(other, each.at) for other in others)
        if order and (alone or order.name == approval.id):
            found.append((each, order))
    return found


def _waited(approval: Approval, at: datetime) -> bool:
    """Whether it waits, or did at that time."""
    return approval.decided_at is None or approval.asked_at <= at <= approval.decided_at
