"""Which commit of the deployed branch to deploy next. Pure: the sensor asks GitHub and carries the answer out."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError


class MergeCursor(BaseModel):
    """What the sensor remembers between ticks. `baseline` was the head when watching began and is not deployed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    watched: str
    baseline: str
    head: str
    etag: str = ""


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
