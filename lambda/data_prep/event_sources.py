"""Where raw events come from: JSON lines in S3, or an Athena table over them. Both hand over JSON lines, unparsed."""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,255}")
POLL_SECONDS = 1.0
COLUMNS = ("event_id", "customer_id", "event_type", "timestamp", "duration_minutes")


class SourceError(RuntimeError):
    """The events could not be read; the message says from where and why."""


@dataclass(frozen=True)
class AthenaTable:
    """A table whose columns are named as the fields of a raw event; `timestamp` is text, as in the events."""

    database: str
    table: str
    workgroup: str
    output: str


@dataclass(frozen=True)
class Waiting:
    """How long to wait for a query: `deadline` is a value of `clock`, in seconds."""

    deadline: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]


def read_athena_table(environment: Mapping[str, str]) -> AthenaTable | None:
    """Read ATHENA_DATABASE, ATHENA_TABLE, ATHENA_WORKGROUP and ATHENA_OUTPUT; None where no table is configured.

    Raises SourceError for half a configuration, or for a name that is not an identifier: it goes into SQL.
    """
    database, table = environment.get("ATHENA_DATABASE", ""), environment.get("ATHENA_TABLE", "")
    if not database and not table:
        return None
    for variable, name in (("ATHENA_DATABASE", database), ("ATHENA_TABLE", table)):
        if not IDENTIFIER.fullmatch(name):
            raise SourceError(f"{variable} {name!r} must be letters, digits and underscores")
    workgroup, output = environment.get("ATHENA_WORKGROUP") or "primary", environment.get("ATHENA_OUTPUT", "")
    return AthenaTable(database, table, workgroup, output)


def read_s3_lines(s3: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    """Yield the lines of every object under a prefix, in key order; a key that ends in `.gz` is unpacked.

    A byte that is not UTF-8 is replaced, so that it spoils its own line and not the whole file.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for item in page.get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            content = gzip.decompress(body) if item["Key"].endswith(".gz") else body
            yield from content.decode("utf-8", errors="replace").split("\n")


def select_events(source: AthenaTable, limit: int | None) -> str:
    """The query for raw events; `limit` is for a probe that only asks whether the table can be read."""
    columns = ", ".join(f'"{column}"' for column in COLUMNS)
    # Both names match IDENTIFIER, so nothing in them can end the quotes.
    query = f'SELECT {columns} FROM "{source.database}"."{source.table}"'  # noqa: S608 # nosec B608
    return query if limit is None else f"{query} LIMIT {limit:d}"


def start_query(athena: Any, source: AthenaTable, limit: int | None) -> str:
    """Start the query and answer its id; without ATHENA_OUTPUT the workgroup says where results go."""
    request: dict[str, Any] = {
        "QueryString": select_events(source, limit),
        "QueryExecutionContext": {"Database": source.database},
        "WorkGroup": source.workgroup,
    }
    if source.output:
        request["ResultConfiguration"] = {"OutputLocation": source.output}
    query_id: str = athena.start_query_execution(**request)["QueryExecutionId"]
    return query_id


def wait_for_query(athena: Any, query_id: str, waiting: Waiting) -> str:
    """Wait until the query succeeds and answer the S3 URI of its CSV.

    Raises SourceError when it fails or is cancelled, or, after stopping it, when the deadline passes.
    """
    while True:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        state = execution["Status"]["State"]
        if state == "SUCCEEDED":
            return str(execution["ResultConfiguration"]["OutputLocation"])
        if state in {"FAILED", "CANCELLED"}:
            reason = execution["Status"].get("StateChangeReason", "no reason given")
            raise SourceError(f"Athena query {query_id} {state}: {reason}")
        if waiting.clock() >= waiting.deadline:
            athena.stop_query_execution(QueryExecutionId=query_id)
            raise SourceError(f"Athena query {query_id} was still {state} at the deadline and was stopped")
        waiting.sleep(POLL_SECONDS)


def read_athena_lines(
    athena: Any, s3: "S3Client", source: AthenaTable, waiting: Waiting, limit: int | None = None
) -> Iterator[str]:
    """Query the table and yield each row as a JSON line, so that both sources are parsed by the same code."""
    location = wait_for_query(athena, start_query(athena, source, limit), waiting)
    bucket, _, key = location.removeprefix("s3://").partition("/")
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        yield json.dumps({name: value for name, value in row.items() if value != ""})
