"""Turns raw engagement events into one CSV row of features per customer, in S3. The parts: sources, events, features.

All events are held in memory at once: about 200 bytes each, so a function with 2 GB takes some millions.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from engagement_events import EventBatch, collect_events
from engagement_features import build_features, is_labelled, reference_time, render_csv
from event_sources import Waiting, read_athena_lines, read_athena_table, read_s3_lines
from smoke_sample import SMOKE_FOLDER, SMOKE_LINES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_QUERY_SECONDS = 240.0
SECONDS_TO_FINISH = 20.0  # kept back from the function's own time limit for what follows the query


class RequestError(ValueError):
    """The event or the environment asks for something that cannot be done."""


@dataclass(frozen=True)
class Request:
    """What to prepare: `as_of` is None for "as late as the label window allows", `label_days` 0 for no label."""

    bucket: str
    raw_prefix: str
    features_prefix: str
    test: bool
    as_of: datetime | None
    label_days: int


def parse_as_of(value: object) -> datetime | None:
    """Read the event's `as_of`: ISO 8601 with a zone."""
    if value is None:
        return None
    try:
        as_of = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise RequestError(f"as_of {value!r} is not ISO 8601") from error
    if as_of.tzinfo is None:
        raise RequestError(f"as_of {value!r} has no time zone")
    return as_of.astimezone(UTC)


def parse_label_days(value: object) -> int:
    """Read a number of days, 0 to 365."""
    text = str(value)
    if not text.isdecimal() or int(text) > 365:  # noqa: PLR2004 - a year
        raise RequestError(f"label_days {value!r} must be a whole number from 0 to 365")
    return int(text)


def read_request(event: Mapping[str, Any], environment: Mapping[str, str]) -> Request:
    """Combine the event with DATA_BUCKET, RAW_PREFIX, FEATURES_PREFIX and LABEL_DAYS; raises RequestError."""
    bucket = environment.get("DATA_BUCKET", "")
    if not bucket:
        raise RequestError("DATA_BUCKET is not set: name the bucket of events and features")
    return Request(
        bucket,
        environment.get("RAW_PREFIX") or "raw/",
        environment.get("FEATURES_PREFIX") or "features/",
        bool(event.get("test")),
        parse_as_of(event.get("as_of")),
        parse_label_days(event.get("label_days", environment.get("LABEL_DAYS") or "14")),
    )


def query_deadline(context: Any, clock: float) -> float:
    """When to give up on a query, as a value of the clock: four minutes, or earlier if the function would be killed."""
    remaining = float(context.get_remaining_time_in_millis()) / 1000 - SECONDS_TO_FINISH
    return clock + max(0.0, min(MAX_QUERY_SECONDS, remaining))


def read_lines(s3: "S3Client", request: Request, context: Any) -> Iterator[str]:
    """Raw events as JSON lines, from Athena where a table is configured, else from S3."""
    table = read_athena_table(os.environ)
    if table is None:
        return read_s3_lines(s3, request.bucket, request.raw_prefix)
    waiting = Waiting(query_deadline(context, time.monotonic()), time.monotonic, time.sleep)
    limit = 1 if request.test else None
    return read_athena_lines(boto3.client("athena"), s3, table, waiting, limit)


def read_smoke_lines(s3: "S3Client", request: Request, context: Any) -> Iterator[str]:
    """Write the sample events to S3 and read them back; where Athena is configured, ask it for one row as well."""
    if read_athena_table(os.environ) is not None:
        for _ in read_lines(s3, request, context):
            break
    folder = f"{request.features_prefix}{SMOKE_FOLDER}raw/"
    s3.put_object(Bucket=request.bucket, Key=f"{folder}events.jsonl", Body="\n".join(SMOKE_LINES).encode())
    return read_s3_lines(s3, request.bucket, folder)


def features_key(request: Request, as_of: datetime, labelled: bool) -> str:
    """Where the rows go: the same request writes the same key; training looks for `training.csv` outside `smoke/`."""
    name = "training.csv" if labelled else "features.csv"
    folder = SMOKE_FOLDER if request.test else f"{as_of:%Y-%m-%dT%H%M%SZ}/"
    return f"{request.features_prefix}{folder}{name}"


def write_features(s3: "S3Client", request: Request, batch: EventBatch) -> dict[str, Any]:
    """Build the rows and write them; answers what was written and what was left out."""
    newest = max(event.at for event in batch.events)
    as_of = request.as_of or reference_time(newest, request.label_days)
    labelled = is_labelled(newest, as_of, request.label_days)
    rows = build_features(batch.events, as_of, request.label_days, labelled)
    if not rows:
        raise RequestError(f"no customer has an event up to {as_of.isoformat()}")
    key = features_key(request, as_of, labelled)
    s3.put_object(Bucket=request.bucket, Key=key, Body=render_csv(rows).encode(), ContentType="text/csv")
    left_out = {"malformed": batch.malformed, "duplicates": batch.duplicates, "ignored": batch.ignored}
    written = {"s3_path": f"s3://{request.bucket}/{key}", "rows": len(rows), "labelled": labelled}
    return {**written, "as_of": as_of.isoformat(), "events": len(batch.events), **left_out}


def handler(event: dict[str, Any] | None, context: object) -> dict[str, Any]:
    """Prepare features; event: optional `as_of`, `label_days`, and `test` for the built-in sample.

    Answers statusCode 200 and a JSON body with `s3_path` and `rows`. Raises when the events cannot be read, when more
    than 5 % of the lines are malformed, or when the request makes no sense.
    """
    request = read_request(event or {}, os.environ)
    s3 = boto3.client("s3")
    lines = (read_smoke_lines if request.test else read_lines)(s3, request, context)
    batch = collect_events(lines, datetime.now(UTC))
    return {"statusCode": 200, "body": json.dumps(write_features(s3, request, batch))}
