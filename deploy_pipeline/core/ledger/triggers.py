"""When a release is taken back by itself. Pure. What is not known never takes anything back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from deploy_pipeline.core.analysis.measurements import MINUTE, Window, whole_minute
from deploy_pipeline.core.analysis.statistics import Count
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.ledger.deployment import Deployment
from deploy_pipeline.core.ledger.head import Head
from deploy_pipeline.core.release import Release


def left_alone(head: Head, release: Release, record: Deployment | None, now: datetime, watched: timedelta) -> str:
    """Why a release is not taken back whatever happens, "" where it may be."""
    if head.lease is not None:
        return f"{head.lease.deployment} changes the environment now"
    if release.restores:
        return "it is a rollback itself"
    if not release.replaced:
        return "there is none before it"
    if record is not None and record.decided:
        return f"a person has decided: {record.decided}"
    if now - release.promoted_at > watched:
        return f"it has been live for more than {watched.total_seconds() / 60:.0f} min"
    return ""


def changed_functions(live: Deployed, before: Deployed) -> tuple[str, ...]:
    """The functions that the release made new."""
    earlier = {each.name: each.version for each in before.functions}
    return tuple(each.name for each in live.functions if earlier.get(each.name, each.version) != each.version)


def changed_services(live: Deployed, before: Deployed) -> tuple[str, ...]:
    """The services that the release made new."""
    earlier = {each.name: each.task_definition for each in before.services}
    return tuple(
        each.name for each in live.services if earlier.get(each.name, each.task_definition) != each.task_definition
    )


def last_minutes(now: datetime, since: datetime, minutes: int, late: timedelta = MINUTE) -> Window | None:
    """The last whole minutes of which CloudWatch has the numbers; None where not all are after `since`."""
    end = whole_minute(now - late)
    start = end - minutes * MINUTE
    return Window(start, end) if start >= since else None


def too_many_errors(counts: Mapping[datetime, Count], window: Window, most: float, minimum: int) -> str:
    """Why these minutes take a release back, "" where they do not: each has to be there, and to be bad."""
    minutes = [window.start + number * MINUTE for number in range((window.end - window.start) // MINUTE)]
    found = [counts[at] for at in minutes if at in counts]
    requests, errors = sum(each.requests for each in found), sum(each.errors for each in found)
    if len(found) < len(minutes) or requests < minimum:
        return ""
    if not all(each.requests and each.errors / each.requests > most for each in found):
        return ""
    return f"{errors} errors in {requests} requests, each of {len(minutes)} min above {most:.0%}"


def ill_for(since: datetime | None, now: datetime, minutes: int) -> bool:
    """Whether something has been ill without a break for so long."""
    return since is not None and now - since >= timedelta(minutes=minutes)
