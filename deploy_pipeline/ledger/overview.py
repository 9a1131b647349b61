"""Looking into the ledger without changing anything."""

from datetime import datetime

from deploy_pipeline.core.ledger.approval import now_of
from deploy_pipeline.core.ledger.head import is_orphaned
from deploy_pipeline.core.ledger.overview import Overview
from deploy_pipeline.core.ledger.rollback import previous
from deploy_pipeline.core.release import Release
from deploy_pipeline.gateways.ledger import Ledger


def overview_of(ledger: Ledger, now: datetime, limit_seconds: float, most: int) -> Overview:
    """What the ledger says, with `most` releases. `limit_seconds` is how old a sign of life may be."""
    seen = ledger.head()
    head, lease = seen.head, seen.head.lease
    asked = (now_of(each, now) for each in ledger.approvals().values())
    releases = served(ledger, head.live.release if head.live else "", most)
    return Overview(
        ledger.environment, head, seen.age_seconds, is_orphaned(head, seen.age_seconds, limit_seconds),
        ledger.deployment(lease.deployment) if lease else None,
        releases, previous(releases[0], ledger.release) if releases else "",
        tuple(each for each in asked if each.decision is None),
    )  # fmt: skip


def served(ledger: Ledger, name: str, most: int) -> tuple[Release, ...]:
    """A release and those that served before it, as far as their manifests go."""
    found: list[Release] = []
    while name and len(found) < most and (release := ledger.release(name)):
        found.append(release)
        name = release.replaced
    return tuple(found)
