"""Whether a pull request's head may be planned and built, which takes credentials and the network. Pure.

Who may write to the repository could do so anyway. Anybody else needs a person who may write to add a label to this
very head. GitHub does not say which head a label was meant for, so a label counts only when it was added a
while after we first saw the head, when the head is still the same afterwards, and when nothing in between can have
moved it to and fro. All times are GitHub's own: this machine's clock plays no part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from deploy_pipeline.core.checks.subject import PullRequest

Permission = Literal["admin", "maintain", "write", "triage", "read", "none"]
MAY_WRITE: frozenset[Permission] = frozenset({"admin", "maintain", "write"})

# An answer of GitHub may come from a server that lags behind: a label this fresh waits for the next look.
SETTLED_AFTER = timedelta(seconds=5)

# Who adds a label sooner has probably read a page that was loaded before the head came.
READ_FOR = timedelta(seconds=60)


@dataclass(frozen=True)
class LabelEvent:
    """The label was added to or removed from a pull request, or its head was moved otherwise than by a plain push.

    `head_moved` is a forced push, a deleted or restored branch, or a reopened pull request: after one of them a head
    that looks unchanged may have been another one meanwhile. A greater `id` is later. `at` is GitHub's time.
    """

    id: int
    actor: str
    at: datetime
    kind: Literal["added", "removed", "head_moved"]


class SeenHead(BaseModel):
    """A head as we first saw it: GitHub's time then, and the last event of the pull request known then (0: none)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    head: str
    at: AwareDatetime
    event: int


@dataclass(frozen=True)
class Permit:
    """Whether a head may be planned and built, and why or why not.

    `withdraw` says that the label is on and does not count, so that it has to come off to be added again; `settled` is
    false when the next look may bring another answer though nothing will have changed.
    """

    authorised: bool
    why: str
    withdraw: bool = False
    settled: bool = True


def has_label(pull: PullRequest, label: str) -> bool:
    """Whether the label is on; GitHub does not tell capitals from small letters."""
    return label.casefold() in {name.casefold() for name in pull.labels}


def is_first_look(pull: PullRequest, seen: SeenHead | None, events: Sequence[LabelEvent]) -> bool:
    """Whether this head begins anew: it is new to us, or it may have been away since we saw it."""
    if seen is None or seen.head != pull.head:
        return True
    return any(event.kind == "head_moved" and event.id > seen.event for event in events)


def permit_of(
    pull: PullRequest,
    seen: SeenHead | None,
    events: Sequence[LabelEvent],
    permissions: Mapping[str, Permission],
    label: str,
    looked_at: datetime,
    own_login: str,
) -> Permit:
    """What the pull request is permitted. `seen` is what was known before this look, which was at `looked_at`.

    Who is not in `permissions` has none. `own_login` is this pipeline's own account, whose label does not count.
    """
    if _pushed_by_a_writer(pull, permissions):
        return Permit(True, f"{pull.author} may write to the repository")
    if not has_label(pull, label):
        return Permit(False, f"{_unknown(pull, permissions)}, and nobody added the label {label}")
    if seen is None or is_first_look(pull, seen, events):
        return Permit(False, f"the label {label} was there before this head was seen", withdraw=True)
    last = max((event for event in events if event.kind != "head_moved"), key=lambda event: event.id, default=None)
    if last is None or last.kind == "removed":
        return Permit(False, f"GitHub does not yet say who added the label {label}", settled=False)
    return _judged(last, seen, permissions, label, looked_at, own_login)


def _judged(
    added: LabelEvent,
    seen: SeenHead,
    permissions: Mapping[str, Permission],
    label: str,
    looked_at: datetime,
    own_login: str,
) -> Permit:
    if added.id <= seen.event or added.at <= seen.at:
        return Permit(False, f"the label {label} was there before this head was seen", withdraw=True)
    if is_machine(added.actor, own_login) or permissions.get(added.actor, "none") not in MAY_WRITE:
        return Permit(False, f"{added.actor}, who added the label {label}, may not permit that", withdraw=True)
    if added.at < seen.at + READ_FOR:
        soon = f"within {READ_FOR.total_seconds():g} seconds of this head"
        return Permit(False, f"the label {label} was added {soon}: look at it, then add it again", withdraw=True)
    if added.at + SETTLED_AFTER >= looked_at:
        return Permit(False, f"the label {label} was added just now", settled=False)
    return Permit(True, f"{added.actor} added the label {label} to this head")


def is_machine(login: str, own_login: str) -> bool:
    """Whether an account is a GitHub App's or this pipeline's own."""
    return login.endswith("[bot]") or login.casefold() == own_login.casefold()


def _unknown(pull: PullRequest, permissions: Mapping[str, Permission]) -> str:
    """Why the author's own permission is not enough."""
    if permissions.get(pull.author, "none") in MAY_WRITE:
        return f"the branch is in the fork of {_fork(pull)}"
    return f"{pull.author} may not write to the repository"


def _fork(pull: PullRequest) -> str:
    """The owner of the fork that the branch is in; "" for the repository itself."""
    owner, separator, _ = pull.head_branch.partition(":")
    return owner if separator else ""


def _pushed_by_a_writer(pull: PullRequest, permissions: Mapping[str, Permission]) -> bool:
    """The author may write, and the branch is the repository's own: into a fork its collaborators push too."""
    return not _fork(pull) and permissions.get(pull.author, "none") in MAY_WRITE
