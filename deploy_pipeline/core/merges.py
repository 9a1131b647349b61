"""Which commit of the deployed branch to deploy next. Pure: the sensor asks GitHub and carries the answer out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

LONGEST_REST = timedelta(hours=1)  # GitHub counts requests by the hour; a time beyond it is a mistake


class MergeCursor(BaseModel):
    """What the sensor remembers between ticks. `baseline` was the head when watching began and is not deployed.

    Until `rest_until` (aware UTC) nothing is asked, because GitHub wants so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    watched: str
    baseline: str
    head: str
    etag: str = ""
    rest_until: datetime | None = None


@dataclass(frozen=True)
class Deploy:
    """Deploy `sha`, the newest merge."""

    sha: str


@dataclass(frozen=True)
class Wait:
    """Nothing to deploy, and why."""

    reason: str


def read_cursor(text: str | None, watched: str) -> MergeCursor | None:
    """The cursor of the last tick. One of another `repository@branch`, or that cannot be read, counts as none."""
    if not text:
        return None
    try:
        cursor = MergeCursor.model_validate_json(text)
    except ValidationError:
        return None
    return cursor if cursor.watched == watched else None


def observe(cursor: MergeCursor | None, watched: str, sha: str, etag: str) -> MergeCursor:
    """The cursor after the branch's head was seen to be `sha`."""
    return MergeCursor(watched=watched, baseline=cursor.baseline if cursor else sha, head=sha, etag=etag)


def rest(cursor: MergeCursor, until: datetime, now: datetime) -> MergeCursor:
    """The cursor that asks nothing until then, an hour at most. What it has seen stays."""
    return cursor.model_copy(update={"rest_until": min(until, now + LONGEST_REST)})


def resting(cursor: MergeCursor | None, now: datetime) -> datetime | None:
    """When to ask again, if that is later than now. A machine's clock that was set back ends the rest."""
    until = cursor.rest_until if cursor else None
    return until if until is not None and now < until <= now + LONGEST_REST else None


def decide(cursor: MergeCursor, launched: bool) -> Deploy | Wait:
    """Deploy the head unless watching began there or a run for it was launched already.

    It looks at the state, not at the change: a tick that is lost or repeated changes nothing.
    """
    short = cursor.head[:12]
    if cursor.head == cursor.baseline:
        return Wait(
            f"watching began at {short}; the next merge is deployed (launch deploy_job to deploy {short} itself)"
        )
    if launched:
        return Wait(f"no new merge: {short} has its deployment")
    return Deploy(cursor.head)
