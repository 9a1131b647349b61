"""Which pull requests are validated next, which validations are stopped, which labels come off. Pure.

It looks at the state, not at changes: a look that is lost or repeated changes nothing. The sensor looks and acts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.pull_permission import (
    LabelEvent,
    Permission,
    Permit,
    SeenHead,
    has_label,
    is_first_look,
    permit_of,
)

Events = Mapping[int, Sequence[LabelEvent]]


class PullCursor(BaseModel):
    """What is remembered between looks: the open pull requests' heads. `watched` is what it belongs to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = 1
    watched: str
    etag: str = ""
    heads: tuple[SeenHead, ...] = ()

    def seen(self, pull: PullRequest) -> SeenHead | None:
        """How the pull request was seen last."""
        return next((head for head in self.heads if head.number == pull.number), None)


@dataclass(frozen=True)
class Look:
    """What GitHub said: all open pull requests at `at` (its own time, aware) and, asked for afterwards, the rest.

    `events` are those of the pull requests that `in_question` names, `permissions` those of the logins that `people`
    names.
    """

    pull_requests: tuple[PullRequest, ...]
    at: datetime
    etag: str
    events: Events
    permissions: Mapping[str, Permission]


@dataclass(frozen=True)
class Run:
    """A validation that was started; `active` while it is queued or runs.

    Those that were stopped because of a `Cancel` are not to be given: a pull request that is reopened is validated
    again.
    """

    number: int
    head: str
    authorised: bool
    run_id: str
    active: bool


@dataclass(frozen=True)
class Validate:
    """Start a validation of the pull request's head."""

    pull_request: PullRequest
    authorised: bool
    why: str


@dataclass(frozen=True)
class Cancel:
    """Stop a validation."""

    run_id: str
    why: str


@dataclass(frozen=True)
class Withdraw:
    """Take the label off, so that it can be added again to the head that is there now."""

    number: int
    label: str
    why: str


@dataclass(frozen=True)
class Decision:
    """What to do, and the cursor to keep once it is done; what fails on the way is decided again."""

    validate: tuple[Validate, ...]
    cancel: tuple[Cancel, ...]
    withdraw: tuple[Withdraw, ...]
    cursor: PullCursor


def read_pull_cursor(text: str | None, watched: str) -> PullCursor:
    """The cursor of the last look; a new one for another `watched`, or when it cannot be read."""
    try:
        cursor = PullCursor.model_validate_json(text or "")
    except ValidationError:
        return PullCursor(watched=watched)
    return cursor if cursor.watched == watched else PullCursor(watched=watched)


def in_question(cursor: PullCursor, pulls: Iterable[PullRequest], label: str) -> tuple[int, ...]:
    """The numbers of the pull requests whose label events have to be asked for, after the list of them."""
    return tuple(pull.number for pull in pulls if has_label(pull, label) or is_first_look(pull, cursor.seen(pull), ()))


def people(pulls: Iterable[PullRequest], events: Events) -> tuple[str, ...]:
    """The logins whose permission has to be asked for: the authors, and who added or removed a label last."""
    last = (max(each, key=lambda event: event.id).actor for each in map(_of_labels, events.values()) if each)
    return tuple(sorted({*(pull.author for pull in pulls), *last}))


def decide(cursor: PullCursor, look: Look, runs: Sequence[Run], label: str, own_login: str) -> Decision:
    """What follows from a look. `runs` are all validations; `own_login` is the account that this pipeline acts as."""
    permits = {pull.number: _permit(cursor, look, pull, label, own_login) for pull in look.pull_requests}
    pulls = {pull.number: pull for pull in look.pull_requests}
    leaders = _leaders(look.pull_requests, permits, runs)
    outdated = [(run, _outdated(run, pulls.get(run.number), permits, leaders)) for run in runs if run.active]
    cancel = tuple(Cancel(run.run_id, why) for run, why in outdated if why)
    stopped = [run for run, why in outdated if why]
    validate = tuple(
        Validate(pull, permits[pull.number].authorised, permits[pull.number].why)
        for pull in leaders.values()
        if not any(_answers(run, pull, permits[pull.number]) and not _undone(run, stopped) for run in runs)
    )
    withdraw = tuple(Withdraw(number, label, permit.why) for number, permit in permits.items() if permit.withdraw)
    done = not (validate or cancel or withdraw) and all(permit.settled for permit in permits.values())
    heads = tuple(_remembered(cursor, look, pull) for pull in look.pull_requests)
    # Without an ETag the next look is a full one: it sees whether what is done here has come about.
    kept = PullCursor(watched=cursor.watched, etag=look.etag if done else "", heads=heads)
    return Decision(validate, cancel, withdraw, kept)


def _permit(cursor: PullCursor, look: Look, pull: PullRequest, label: str, own_login: str) -> Permit:
    events = look.events.get(pull.number, ())
    return permit_of(pull, cursor.seen(pull), events, look.permissions, label, look.at, own_login)


def _leaders(
    pulls: Iterable[PullRequest], permits: Mapping[int, Permit], runs: Sequence[Run]
) -> dict[tuple[str, str], PullRequest]:
    """The pull request whose validation serves all that have its head, by head and base branch.

    GitHub keeps statuses by head: two validations would overwrite each other's. One that is permitted more comes first,
    so that nobody can hold up a pull request by another one with its head; then the oldest.
    """
    leaders: dict[tuple[str, str], PullRequest] = {}
    for pull in pulls:
        leader = leaders.setdefault(_identity(pull), pull)
        if _rank(pull, permits, runs) < _rank(leader, permits, runs):
            leaders[_identity(pull)] = pull
    return leaders


def _identity(pull: PullRequest) -> tuple[str, str]:
    return pull.head, pull.base_branch


def _rank(pull: PullRequest, permits: Mapping[int, Permit], runs: Sequence[Run]) -> tuple[bool, int]:
    permit = permits[pull.number]
    # What was permitted still counts while GitHub may only lag behind.
    held = any(run.authorised for run in runs if (run.number, run.head) == (pull.number, pull.head))
    return not (permit.authorised or (held and not permit.settled)), pull.number


def _undone(run: Run, stopped: Sequence[Run]) -> bool:
    """Whether the validation of another pull request with the same head, stopped now, has overwritten its statuses."""
    return not run.active and any(each.head == run.head and each.number != run.number for each in stopped)


def _answers(run: Run, pull: PullRequest, permit: Permit) -> bool:
    """Whether a run is the wanted one, or has done more than that already."""
    if (run.number, run.head) != (pull.number, pull.head):
        return False
    return run.authorised == permit.authorised or (run.authorised and not _revoked(run, permit))


def _revoked(run: Run, permit: Permit) -> bool:
    """Whether an active run has lost its permission for good, not only because GitHub lags behind."""
    return run.active and run.authorised and not permit.authorised and permit.settled


def _outdated(
    run: Run,
    pull: PullRequest | None,
    permits: Mapping[int, Permit],
    leaders: Mapping[tuple[str, str], PullRequest],
) -> str:
    """Why an active run is to be stopped; empty when it is not."""
    if pull is None:
        return f"pull request {run.number} is not open any more"
    if run.head != pull.head:
        return f"a newer head came: {pull.head[:12]}"
    leader = leaders[_identity(pull)].number
    if leader != run.number:
        return f"pull request {leader} has the same head: its validation serves both"
    permit = permits[run.number]
    if _revoked(run, permit):
        return f"less is permitted now: {permit.why}"
    return f"more is permitted now: {permit.why}" if permit.authorised and not run.authorised else ""


def _remembered(cursor: PullCursor, look: Look, pull: PullRequest) -> SeenHead:
    seen, events = cursor.seen(pull), look.events.get(pull.number, ())
    if seen is not None and not is_first_look(pull, seen, events):
        return seen
    return SeenHead(
        number=pull.number, head=pull.head, at=look.at, event=max((event.id for event in events), default=0)
    )


def _of_labels(events: Sequence[LabelEvent]) -> list[LabelEvent]:
    return [event for event in events if event.kind != "head_moved"]
