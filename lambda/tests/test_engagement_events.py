"""Parsing of raw events: every way in which a line can be wrong, and what is counted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

NOW = datetime(2025, 3, 31, tzinfo=UTC)
GOOD = {
    "customer_id": " a ",
    "event_type": "session",
    "timestamp": "2025-03-01T12:00:00+02:00",
    "duration_minutes": "7.5",
}


@pytest.fixture
def events(load_function: Callable[..., ModuleType]) -> ModuleType:
    return load_function("data_prep", "engagement_events")


def test_parse_event_normalises(events: ModuleType) -> None:
    assert events.parse_event(GOOD, NOW) == ("a", "session", datetime(2025, 3, 1, 10, tzinfo=UTC), 7.5)


def test_parse_event_needs_no_duration_for_a_purchase(events: ModuleType) -> None:
    record = {"customer_id": "a", "event_type": "purchase", "timestamp": "2025-03-01T12:00:00Z"}
    assert events.parse_event(record, NOW).minutes == 0.0


def test_parse_event_ignores_other_types(events: ModuleType) -> None:
    assert events.parse_event({**GOOD, "event_type": "page_view"}, NOW) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customer_id": ""}, "customer_id"),
        ({"customer_id": 7}, "customer_id"),
        ({"event_type": None}, "event_type"),
        ({"timestamp": None}, "not ISO 8601"),
        ({"timestamp": "2025-03-01T12:00:00"}, "no time zone"),
        ({"timestamp": "2099-01-01T00:00:00Z"}, "in the future"),
        ({"duration_minutes": None}, "not a number"),
        ({"duration_minutes": True}, "not a number"),
        ({"duration_minutes": "long"}, "not a number"),
        ({"duration_minutes": -1}, "not negative"),
        ({"duration_minutes": float("inf")}, "finite"),
    ],
)
def test_parse_event_refuses_malformed_fields(events: ModuleType, change: dict[str, Any], message: str) -> None:
    with pytest.raises(events.MalformedEvent, match=message):
        events.parse_event({**GOOD, **change}, NOW)


@pytest.mark.parametrize("line", ["{", "[1]", "7", "null"])
def test_decode_line_takes_objects_only(events: ModuleType, line: str) -> None:
    with pytest.raises(events.MalformedEvent):
        events.decode_line(line)


def test_collect_events_counts_what_it_leaves_out(events: ModuleType) -> None:
    once = json.dumps({**GOOD, "event_id": "e1"})
    other = json.dumps({**GOOD, "event_type": "page_view"})
    lines = [once, once, "  ", other, *[json.dumps(GOOD)] * 20, "not json"]
    batch = events.collect_events(lines, NOW)
    assert (batch.lines, batch.malformed, batch.duplicates, batch.ignored) == (24, 1, 1, 1)
    assert len(batch.events) == 21  # events without an id are all kept
    assert batch.first_problem.startswith("line 24: not JSON")
