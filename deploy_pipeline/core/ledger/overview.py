"""What the ledger says of an environment now, for a person who looks: what serves, who changes it, what waits. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy_pipeline.core.ledger.approval import Approval
from deploy_pipeline.core.ledger.deployment import Deployment
from deploy_pipeline.core.ledger.head import Head
from deploy_pipeline.core.release import Release


@dataclass(frozen=True)
class Overview:
    """`releases` are those that served, the live one first; `age_seconds` is that of the holder's last sign of life.

    `dead` says that the holder of the lease has given none for too long; `deployment` is its record. `back_to` is where
    a rollback goes that names no release, "" for nowhere.
    """

    environment: str
    head: Head
    age_seconds: float
    dead: bool
    deployment: Deployment | None
    releases: tuple[Release, ...]
    back_to: str
    waiting: tuple[Approval, ...]


def in_words(overview: Overview) -> Iterator[tuple[str, str]]:
    """Each line with its name: what serves, who changes it, and what waits for a person."""
    live = overview.head.live
    shown = overview.releases[0] if overview.releases else None
    if live and shown:
        yield "serves", f"{live.release}  {shown.title}, since {_at(shown.promoted_at)}"
    elif live:
        yield "serves", f"{live.release}  (its manifest is missing from the ledger)"
    else:
        yield "serves", "nothing was deployed yet"
    yield "a rollback goes to", overview.back_to or "nothing: no release was live before"
    yield "is changed by", _holder(overview)
    if overview.deployment:
        yield from _moves(overview.deployment)
    for each in overview.waiting:
        yield "waits", f"{each.id}  {each.commit.title}: {each.why}, until {_at(each.until)}"


def release_rows(releases: Sequence[Release]) -> list[tuple[str, str, str]]:
    """Name, since when it served (UTC), and what it is, of each."""
    return [(each.name, _at(each.promoted_at), _what(each)) for each in releases]


def _holder(overview: Overview) -> str:
    lease = overview.head.lease
    if lease is None:
        return "nobody"
    sign = f"last sign of life {overview.age_seconds:.0f} s ago"
    if overview.dead:
        return f"{lease.deployment}, whose run {lease.run_id} is dead ({sign}): it is settled by itself while the " \
               "service runs, and by `deploy-pipeline reconcile`"  # fmt: skip
    return f"{lease.deployment}, run {lease.run_id} ({sign})"


def _moves(deployment: Deployment) -> Iterator[tuple[str, str]]:
    yield "", f"{deployment.kind} of {deployment.commit.title}, since {_at(deployment.began_at)}"
    for stack in deployment.stacks:
        yield "", f"applies the stack {stack.name}"
    for service in deployment.services:
        yield "", f"moves the service {service.name} from {_last(service.stable)} to {_last(service.candidate)}"
    for each in deployment.functions:
        yield "", f"moves {each.function_name}:{each.alias} from version {each.stable} to {each.candidate}"
    if deployment.baking:
        yield "", f"watches {', '.join(deployment.baking)}"


def _what(release: Release) -> str:
    if release.restores:
        return f"rollback of {', '.join(release.parts) or 'everything'} to {release.restores}"
    return release.title


def _last(arn: str) -> str:
    return arn.rpartition("/")[2] or "nothing"


def _at(when: datetime) -> str:
    return f"{when:%F %R} UTC"
