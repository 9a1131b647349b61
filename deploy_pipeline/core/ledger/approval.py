"""What waits for a person: asked once, granted or refused once, and refused when nobody says anything. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec_approvals import ApprovalsSpec

Decision = Literal["granted", "refused"]
NOBODY = "nobody"


@dataclass(frozen=True)
class WayBack:
    """A rollback that waits: from what was live to another release, with these parts."""

    live: str
    to: str
    only: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Approval:
    """A deployment of `commit`, or a rollback (`way_back`), that waits for a person, and why.

    Times are aware UTC; `run_id` is the run that asked; `force` and `hotfix` are as it was launched. `shows` is what a
    person has to look at, line by line.
    Without a `decision` it waits until `until`.
    """

    id: str
    commit: Commit
    why: str
    run_id: str
    asked_at: datetime
    until: datetime
    decision: Decision | None = None
    by: str = ""
    reason: str = ""
    decided_at: datetime | None = None
    shows: tuple[str, ...] = ()
    force: bool = False
    hotfix: str = ""
    way_back: WayBack | None = None


Approvals = Mapping[str, Approval]
"""All that was asked lately, by id."""
KEPT = timedelta(days=30)


def approval_id(sha: str) -> str:
    """The same for every run that deploys a commit: it is asked once."""
    return f"deploy-{sha[:12]}"


def asked(approvals: Approvals, new: Approval) -> Approvals:
    """With `new`, unless the same was asked before and somebody may still answer, or has; without what is long ago."""
    kept = {
        name: each
        for name, each in approvals.items()
        if new.asked_at - each.asked_at < KEPT and (name != new.id or now_of(each, new.asked_at).by != NOBODY)
    }
    return {new.id: new, **kept}


def now_of(approval: Approval, now: datetime) -> Approval:
    """The approval as it stands: refused by nobody when its time is over."""
    if approval.decision is not None or now < approval.until:
        return approval
    return replace(approval, decision="refused", by=NOBODY, reason="its time was over", decided_at=approval.until)


def decided(approvals: Approvals, name: str, decision: Decision, *, by: str, reason: str, now: datetime) -> Approvals:
    """With a person's decision. Raises DeployError for an unknown approval, and for one that is decided already."""
    found = approvals.get(name)
    if found is None:
        waiting = ", ".join(each.id for each in approvals.values() if now_of(each, now).decision is None)
        raise DeployError(
            f"nothing waits under the name {name}", where="approvals", todo=f"one of: {waiting or 'none'}"
        )
    stands = now_of(found, now)
    if stands.decision is not None:
        raise DeployError(
            f"it is {stands.decision} already, by {stands.by}: {stands.reason}", where=name,
            todo="launch the deployment again, which asks again" if stands.by == NOBODY else "",
        )  # fmt: skip
    return {**approvals, name: replace(found, decision=decision, by=by, reason=reason, decided_at=now)}


def reasons_to_hold(commit: Commit, policy: ApprovalsSpec, *, reviewed: bool, validated: bool) -> tuple[str, ...]:
    """Why a commit waits for a person, by the spec's policy."""
    what = f"pull request {commit.pull_request}" if commit.pull_request else "it came without a pull request"
    found = []
    if policy.unreviewed == "hold" and not reviewed:
        found.append(f"nobody had approved it ({what})")
    if policy.unvalidated == "hold" and not validated:
        found.append(f"its validation has not passed ({what})")
    return tuple(found)
