"""data_prep as a whole: from lines in an emulated bucket to the CSV of features."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest

BUCKET = "engagement-data"
Loader = Callable[..., ModuleType]


@pytest.fixture
def function(load_function: Loader) -> ModuleType:
    return load_function("data_prep")


def session(customer: str, day: int, minutes: float = 10) -> str:
    at = f"2025-03-{day:02d}T12:00:00Z"
    return json.dumps({"customer_id": customer, "event_type": "session", "timestamp": at, "duration_minutes": minutes})


def purchase(customer: str, day: int) -> str:
    return json.dumps({"customer_id": customer, "event_type": "purchase", "timestamp": f"2025-03-{day:02d}T12:00:00Z"})


def put(key: str, lines: list[str]) -> None:
    content = "\n".join(lines).encode()
    body = gzip.compress(content) if key.endswith(".gz") else content
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def read_rows(answer: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    body = json.loads(answer["body"])
    key = body["s3_path"].removeprefix(f"s3://{BUCKET}/")
    text = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    return body, list(csv.DictReader(io.StringIO(text)))


def test_handler_writes_labelled_rows_as_of_the_start_of_the_label_window(
    function: ModuleType, aws: None, context: object
) -> None:
    put("raw/1.jsonl", [session("a", 1), session("b", 2), purchase("a", 10)])
    put("raw/2.jsonl.gz", [session("c", 16), ""])
    body, rows = read_rows(function.handler({}, context))
    assert body == {
        "s3_path": f"s3://{BUCKET}/features/2025-03-02T120000Z/training.csv",
        "rows": 2,
        "labelled": True,
        "as_of": "2025-03-02T12:00:00+00:00",
        "events": 4,
        "malformed": 0,
        "duplicates": 0,
        "ignored": 0,
    }
    assert [(row["customer_id"], row["converted"]) for row in rows] == [("a", "1"), ("b", "0")]
    assert rows[0]["purchases_last_30_days"] == "0"  # bought after the reference time: the label, not a feature


def test_handler_leaves_the_label_out_when_the_future_is_unknown(
    function: ModuleType, aws: None, context: object
) -> None:
    put("raw/1.jsonl", [session("a", 1)])
    body, rows = read_rows(function.handler({"as_of": "2025-03-05T12:00:00Z"}, context))
    assert body["s3_path"].endswith("/2025-03-05T120000Z/features.csv")
    assert "converted" not in rows[0]
    assert rows[0]["days_since_last_session"] == "4.0"


def test_handler_uses_the_newest_event_when_no_label_is_asked_for(
    function: ModuleType, aws: None, context: object
) -> None:
    put("raw/1.jsonl", [session("a", 1), session("a", 9)])
    body, rows = read_rows(function.handler({"label_days": 0}, context))
    assert (body["as_of"], body["labelled"]) == ("2025-03-09T12:00:00+00:00", False)
    assert (rows[0]["sessions_last_7_days"], rows[0]["sessions_last_30_days"]) == ("1", "2")


def test_handler_runs_the_sample_through_the_same_code(function: ModuleType, aws: None, context: object) -> None:
    body, rows = read_rows(function.handler({"test": True}, context))
    assert body["s3_path"] == f"s3://{BUCKET}/features/smoke/training.csv"
    assert [(row["customer_id"], row["sessions_last_7_days"], row["converted"]) for row in rows] == [
        ("smoke-1", "2", "0"),
        ("smoke-2", "1", "1"),
    ]


def test_handler_reports_malformed_lines_up_to_five_percent(function: ModuleType, aws: None, context: object) -> None:
    put("raw/1.jsonl", [session("a", day % 28 + 1) for day in range(19)] + ["{"])
    body, _ = read_rows(function.handler({}, context))
    assert body["malformed"] == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([session("a", 1)] * 18 + ["{"], r"1 of 19 lines are malformed \(5.3% > 5%\); first: line 19: not JSON"),
        ([], "no session or purchase among 0 lines"),
    ],
)
def test_handler_raises_on_unusable_events(
    function: ModuleType, aws: None, context: object, lines: list[str], message: str
) -> None:
    put("raw/1.jsonl", lines)
    with pytest.raises(ValueError, match=message):
        function.handler({}, context)


def test_handler_raises_when_no_customer_was_seen_yet(function: ModuleType, aws: None, context: object) -> None:
    put("raw/1.jsonl", [session("a", 20)])
    with pytest.raises(function.RequestError, match="no customer has an event up to 2025-03-05"):
        function.handler({"as_of": "2025-03-05T00:00:00Z"}, context)


@pytest.mark.parametrize(
    ("event", "environment", "message"),
    [
        ({}, {}, "DATA_BUCKET is not set"),
        ({"as_of": "yesterday"}, {"DATA_BUCKET": "b"}, "as_of 'yesterday' is not ISO 8601"),
        ({"as_of": "2025-03-05T00:00:00"}, {"DATA_BUCKET": "b"}, "has no time zone"),
        ({"label_days": -1}, {"DATA_BUCKET": "b"}, "label_days -1"),
        ({}, {"DATA_BUCKET": "b", "LABEL_DAYS": "400"}, "label_days '400'"),
    ],
)
def test_read_request_refuses_nonsense(
    function: ModuleType, event: dict[str, Any], environment: dict[str, str], message: str
) -> None:
    with pytest.raises(function.RequestError, match=message):
        function.read_request(event, environment)


def test_query_deadline_leaves_time_to_finish(function: ModuleType, context: object) -> None:
    assert function.query_deadline(context, 100.0) == 140.0
