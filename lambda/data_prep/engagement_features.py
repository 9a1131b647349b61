"""Features of each customer at a reference time, and the label of what came after it. Pure: no AWS, no clock.

The engagement score is a rule, not a prediction: a weighted sum of four saturating parts, so 0..1 as a whole:

    0.40 * (1 - exp(-sessions_last_30_days / 12))      how often
    0.30 * (1 - exp(-minutes_last_7_days / 60))        how deep, lately
    0.20 * exp(-days_since_last_session / 14)          how recent
    0.10 * (1 - exp(-purchases_last_30_days / 2))      does it lead to purchases

It saturates so that one very heavy user does not stretch the scale for everyone else. The trained model is measured
against it: a model that ranks customers no better than this rule is not worth serving.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import exp
from typing import NamedTuple

from engagement_events import PURCHASE, SESSION, Event

MAX_DAYS_SINCE_SESSION = 365.0  # also stands for "no session seen at all"
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


class FeatureRow(NamedTuple):
    """One customer at the reference time; `converted` is 1 or 0, or None where the future is not known yet."""

    customer_id: str
    engagement_score: float
    sessions_last_7_days: int
    sessions_last_30_days: int
    minutes_last_7_days: float
    purchases_last_30_days: int
    days_since_last_session: float
    converted: int | None


LABEL = "converted"


def engagement_score(sessions_30: int, minutes_7: float, purchases_30: int, days_since_session: float) -> float:
    """Score a customer from 0 (nothing) to 1 (saturated); the formula is at the head of this module."""
    frequency = 1 - exp(-sessions_30 / 12)
    depth = 1 - exp(-minutes_7 / 60)
    recency = exp(-days_since_session / 14) if days_since_session < MAX_DAYS_SINCE_SESSION else 0.0
    value = 1 - exp(-purchases_30 / 2)
    return round(0.40 * frequency + 0.30 * depth + 0.20 * recency + 0.10 * value, 6)


def reference_time(newest: datetime, label_days: int) -> datetime:
    """The latest time whose label window of `label_days` lies wholly within the data; the newest event's own when 0."""
    return newest - timedelta(days=label_days)


def is_labelled(newest: datetime, as_of: datetime, label_days: int) -> bool:
    """Whether the data reaches to the end of the label window: before that, "not converted" only means "not yet"."""
    return label_days > 0 and newest >= as_of + timedelta(days=label_days)


def days_since_last_session(sessions: Sequence[Event], as_of: datetime) -> float:
    """Days from the newest session to `as_of`, capped at 365."""
    if not sessions:
        return MAX_DAYS_SINCE_SESSION
    elapsed = as_of - max(event.at for event in sessions)
    return round(min(elapsed / timedelta(days=1), MAX_DAYS_SINCE_SESSION), 4)


def describe_customer(customer_id: str, past: Sequence[Event], as_of: datetime, converted: int | None) -> FeatureRow:
    """Count one customer's events up to `as_of`; a window of n days holds `as_of` itself but not its far end."""
    sessions = [event for event in past if event.kind == SESSION]
    sessions_30 = sum(event.at > as_of - MONTH for event in sessions)
    recent = [event for event in sessions if event.at > as_of - WEEK]
    purchases_30 = sum(event.kind == PURCHASE and event.at > as_of - MONTH for event in past)
    minutes_7 = round(sum(event.minutes for event in recent), 4)
    days = days_since_last_session(sessions, as_of)
    score = engagement_score(sessions_30, minutes_7, purchases_30, days)
    return FeatureRow(customer_id, score, len(recent), sessions_30, minutes_7, purchases_30, days, converted)


def has_converted(events: Iterable[Event], as_of: datetime, label_days: int) -> int:
    """1 when there is a purchase in the `label_days` after `as_of`, else 0."""
    end = as_of + timedelta(days=label_days)
    return int(any(event.kind == PURCHASE and as_of < event.at <= end for event in events))


def build_features(events: Iterable[Event], as_of: datetime, label_days: int, labelled: bool) -> list[FeatureRow]:
    """One row per customer seen up to `as_of`, by customer id; nothing after `as_of` reaches a feature."""
    by_customer = defaultdict[str, list[Event]](list)
    for event in events:
        by_customer[event.customer_id].append(event)
    rows = []
    for customer_id, own in sorted(by_customer.items()):
        past = [event for event in own if event.at <= as_of]
        if past:
            converted = has_converted(own, as_of, label_days) if labelled else None
            rows.append(describe_customer(customer_id, past, as_of, converted))
    return rows


def render_csv(rows: Sequence[FeatureRow]) -> str:
    """CSV with a header; the label's column is left out when the rows carry no label."""
    labelled = all(row.converted is not None for row in rows)
    columns = [name for name in FeatureRow._fields if labelled or name != LABEL]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([getattr(row, name) for name in columns] for row in rows)
    return text.getvalue()
