"""The head of the ledger: what is live in an environment, and who may change it. One small value, written as a whole.

Both are in it on purpose. It is written only where it still is what was read, so that whoever has lost the right to
change the environment cannot make anything live either.
"""

from dataclasses import dataclass, replace

MOST_DOUBLINGS = 5


@dataclass(frozen=True)
class Lease:
    """The right to change an environment. `deployment` is what it is used for, `run_id` names who uses it.

    `beat` is counted up while its holder lives, who has said after how many seconds without one it is dead.
    """

    deployment: str
    run_id: str
    beat: int = 0
    limit_seconds: float = 0.0


@dataclass(frozen=True)
class Live:
    """The release that serves, and its commit (a full SHA)."""

    release: str
    commit: str


@dataclass(frozen=True)
class Head:
    """`token` counts the leases that there were: of two holders, the one with the greater token is the newer one."""

    token: int = 0
    lease: Lease | None = None
    live: Live | None = None


def taken(head: Head, deployment: str, run_id: str, limit_seconds: float = 0.0) -> Head:
    """The head once `run_id` has the lease for `deployment`: every earlier token is stale from then on."""
    return replace(head, token=head.token + 1, lease=Lease(deployment, run_id, limit_seconds=limit_seconds))


def renewed(head: Head) -> Head:
    """The head after a sign of life of its holder."""
    return replace(head, lease=replace(head.lease, beat=head.lease.beat + 1)) if head.lease else head


def released(head: Head) -> Head:
    """The head once nobody has the lease."""
    return replace(head, lease=None)


def promoted(head: Head, live: Live) -> Head:
    """The head once `live` serves."""
    return replace(head, live=live)


def is_orphaned(head: Head, age_seconds: float, limit_seconds: float) -> bool:
    """Whether the holder has given no sign of life for too long: it is dead, or has been cut off.

    A shorter limit than the holder's own would take the living for dead.
    """
    return head.lease is not None and age_seconds > max(limit_seconds, head.lease.limit_seconds)


def patience(limit_seconds: float, attempts: int) -> float:
    """How old a sign of life has to be before it is settled, after so many attempts: the limit, then twice as long."""
    return limit_seconds * float(2 ** min(attempts, MOST_DOUBLINGS))


def may_take(head: Head, age_seconds: float, limit_seconds: float) -> bool:
    """Whether the lease can be had now."""
    return head.lease is None or is_orphaned(head, age_seconds, limit_seconds)
