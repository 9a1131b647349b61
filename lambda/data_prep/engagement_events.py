"""Raw engagement events: what one looks like, and how JSON lines become events. It knows nothing of where they are.

A line is a JSON object: `customer_id` (text), `event_type`, `timestamp` (ISO 8601 with a zone), for a session
`duration_minutes` (a number, 0 or more), and optionally `event_id` (a repeated id is counted once).
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

SESSION = "session"
PURCHASE = "purchase"
MAX_MALFORMED_SHARE = 0.05
CLOCK_SKEW = timedelta(days=1)  # one event from the far future would otherwise move the reference time there


class MalformedEvent(ValueError):
    """One line is not an event; the message says what is wrong with it."""


class UnusableEvents(ValueError):
    """The whole input cannot be trusted: nothing in it, or too much of it malformed."""


class Event(NamedTuple):
    """Something a customer did; `minutes` is 0 for a purchase."""

    customer_id: str
    kind: str
    at: datetime
    minutes: float


@dataclass
class EventBatch:
    """Events in the order read, and counts of the lines that are not among them."""

    events: list[Event] = field(default_factory=list)
    lines: int = 0
    malformed: int = 0
    duplicates: int = 0
    ignored: int = 0
    first_problem: str = ""


def parse_timestamp(value: object, latest: datetime) -> datetime:
    """Read an ISO 8601 time with a zone as UTC; a time later than `latest` is malformed."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise MalformedEvent(f"timestamp {value!r} is not ISO 8601") from error
    if at.tzinfo is None:
        raise MalformedEvent(f"timestamp {value!r} has no time zone")
    if at > latest:
        raise MalformedEvent(f"timestamp {value!r} lies in the future")
    return at.astimezone(UTC)


def parse_minutes(value: object) -> float:
    """Read a length in minutes; Athena's CSV results give numbers as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MalformedEvent(f"duration_minutes {value!r} is not a number")
    try:
        minutes = float(value)
    except ValueError as error:
        raise MalformedEvent(f"duration_minutes {value!r} is not a number") from error
    if not math.isfinite(minutes) or minutes < 0:
        raise MalformedEvent(f"duration_minutes {value!r} must be finite and not negative")
    return minutes


def decode_line(line: str) -> dict[str, Any]:
    """Decode one JSON object, or raise MalformedEvent."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise MalformedEvent(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise MalformedEvent("not a JSON object")
    return record


def parse_event(record: dict[str, Any], latest: datetime) -> Event | None:
    """Turn a decoded line into an event; None for a type of event that features do not use."""
    customer_id, kind = record.get("customer_id"), record.get("event_type")
    if not isinstance(customer_id, str) or not customer_id.strip():
        raise MalformedEvent("customer_id is missing or not text")
    if not isinstance(kind, str) or not kind:
        raise MalformedEvent("event_type is missing or not text")
    at = parse_timestamp(record.get("timestamp"), latest)
    if kind not in {SESSION, PURCHASE}:
        return None
    minutes = parse_minutes(record.get("duration_minutes")) if kind == SESSION else 0.0
    return Event(customer_id.strip(), kind, at, minutes)


def add_line(line: str, batch: EventBatch, seen: set[str], latest: datetime) -> None:
    """Parse one line into `batch`; `seen` holds the event ids so far."""
    batch.lines += 1
    try:
        record = decode_line(line)
        event = parse_event(record, latest)
    except MalformedEvent as error:
        batch.malformed += 1
        batch.first_problem = batch.first_problem or f"line {batch.lines}: {error}"
        return
    event_id = str(record.get("event_id") or "")
    if event is None:
        batch.ignored += 1
    elif event_id and event_id in seen:
        batch.duplicates += 1
    else:
        seen.add(event_id)
        batch.events.append(event)


def collect_events(lines: Iterable[str], now: datetime) -> EventBatch:
    """Parse JSON lines; blank ones do not count.

    Raises UnusableEvents when more than 5 % of the lines are malformed, or when no usable event is left.
    """
    batch, seen = EventBatch(), set[str]()
    for line in lines:
        if line.strip():
            add_line(line, batch, seen, now + CLOCK_SKEW)
    if batch.malformed > MAX_MALFORMED_SHARE * batch.lines:
        share = batch.malformed / batch.lines
        raise UnusableEvents(
            f"{batch.malformed} of {batch.lines} lines are malformed ({share:.1%} > {MAX_MALFORMED_SHARE:.0%});"
            f" first: {batch.first_problem}"
        )
    if not batch.events:
        raise UnusableEvents(f"no session or purchase among {batch.lines} lines")
    return batch
