"""Athena as a source of events: settings, waiting with a deadline, and rows as JSON lines."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

BUCKET = "engagement-data"


@pytest.fixture
def sources(load_function: Callable[..., ModuleType]) -> ModuleType:
    return load_function("data_prep", "event_sources")


@pytest.mark.parametrize(
    ("environment", "outcome"),
    [
        ({}, None),
        ({"ATHENA_DATABASE": "db", "ATHENA_TABLE": "t"}, ("db", "t", "primary", "")),
        (
            {"ATHENA_DATABASE": "db", "ATHENA_TABLE": "t", "ATHENA_WORKGROUP": "w", "ATHENA_OUTPUT": "s3://b/o/"},
            ("db", "t", "w", "s3://b/o/"),
        ),
    ],
)
def test_read_athena_table(sources: ModuleType, environment: dict[str, str], outcome: tuple[str, ...] | None) -> None:
    table = sources.read_athena_table(environment)
    assert table == (outcome and sources.AthenaTable(*outcome))


@pytest.mark.parametrize("table", ["", 'events"; DROP TABLE events; --', "a b"])
def test_read_athena_table_refuses_what_is_no_identifier(sources: ModuleType, table: str) -> None:
    with pytest.raises(sources.SourceError, match="ATHENA_TABLE"):
        sources.read_athena_table({"ATHENA_DATABASE": "db", "ATHENA_TABLE": table})


def execution(state: str, **status: str) -> dict[str, Any]:
    location = {"OutputLocation": f"s3://{BUCKET}/runs/athena/q1.csv"}
    return {"QueryExecution": {"Status": {"State": state, **status}, "ResultConfiguration": location}}


class FakeClock:
    """A clock that advances when something sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait(sources: ModuleType, answers: list[dict[str, Any]], clock: FakeClock, stopped: bool = False) -> str:
    athena = boto3.client("athena", region_name="us-east-1")
    with Stubber(athena) as stub:
        for answer in answers:
            stub.add_response("get_query_execution", answer, {"QueryExecutionId": "q1"})
        if stopped:
            stub.add_response("stop_query_execution", {}, {"QueryExecutionId": "q1"})
        location = sources.wait_for_query(athena, "q1", sources.Waiting(3.0, clock.time, clock.sleep))
        stub.assert_no_pending_responses()
    return str(location)


def test_wait_for_query_polls_until_it_succeeds(sources: ModuleType, aws: None) -> None:
    clock = FakeClock()
    answers = [execution("QUEUED"), execution("RUNNING"), execution("SUCCEEDED")]
    assert wait(sources, answers, clock) == f"s3://{BUCKET}/runs/athena/q1.csv"
    assert clock.now == 2.0


def test_wait_for_query_raises_athenas_reason(sources: ModuleType, aws: None) -> None:
    with pytest.raises(sources.SourceError, match="q1 FAILED: TABLE_NOT_FOUND"):
        wait(sources, [execution("FAILED", StateChangeReason="TABLE_NOT_FOUND")], FakeClock())


def test_wait_for_query_stops_the_query_at_the_deadline(sources: ModuleType, aws: None) -> None:
    with pytest.raises(sources.SourceError, match="still RUNNING at the deadline"):
        wait(sources, [execution("RUNNING")] * 4, FakeClock(), stopped=True)


def test_read_athena_lines_yields_the_rows_as_json(sources: ModuleType, aws: None) -> None:
    result = '"event_id","customer_id","event_type","timestamp","duration_minutes"\n'
    rows = result + '"","a","session","2025-03-01T12:00:00Z","10"'
    boto3.client("s3").put_object(Bucket=BUCKET, Key="runs/athena/q1.csv", Body=rows.encode())
    athena = boto3.client("athena", region_name="us-east-1")
    table = sources.AthenaTable("db", "events", "primary", f"s3://{BUCKET}/runs/athena/")
    clock = FakeClock()
    with Stubber(athena) as stub:
        stub.add_response(
            "start_query_execution",
            {"QueryExecutionId": "q1"},
            {
                "QueryString": 'SELECT "event_id", "customer_id", "event_type", "timestamp", "duration_minutes"'
                ' FROM "db"."events" LIMIT 1',
                "QueryExecutionContext": {"Database": "db"},
                "WorkGroup": "primary",
                "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/runs/athena/"},
            },
        )
        stub.add_response("get_query_execution", execution("SUCCEEDED"), {"QueryExecutionId": "q1"})
        waiting = sources.Waiting(3.0, clock.time, clock.sleep)
        lines = list(sources.read_athena_lines(athena, boto3.client("s3"), table, waiting, limit=1))
    assert [json.loads(line) for line in lines] == [
        {
            "customer_id": "a",
            "event_type": "session",
            "timestamp": "2025-03-01T12:00:00Z",
            "duration_minutes": "10",
        }
    ]
