"""Removes what earlier runs left behind: objects under one S3 prefix that are older than a number of days.

It is not a lifecycle policy: it runs when called, can count without deleting, and says what it could not delete.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DELETE_BATCH = 1000  # the most keys that one DeleteObjects call takes
REPORTED_ERRORS = 20


class CleanupError(RuntimeError):
    """The settings are unsafe, or S3 refused to delete some objects."""


@dataclass(frozen=True)
class Settings:
    """Where to clean up, and the age in days from which an object goes."""

    bucket: str
    prefix: str
    max_age_days: int


@dataclass
class Tally:
    """What was found and done; `errors` holds one text per object that S3 refused to delete."""

    kept: int = 0
    expired: int = 0
    deleted: int = 0
    errors: list[str] = field(default_factory=list)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read DATA_BUCKET, CLEANUP_PREFIX and MAX_AGE_DAYS.

    Raises CleanupError for an empty prefix, which would name the whole bucket, and for an age below one day.
    """
    bucket = environment.get("DATA_BUCKET", "")
    prefix = environment.get("CLEANUP_PREFIX") or "runs/"
    days = environment.get("MAX_AGE_DAYS") or "30"
    if not bucket:
        raise CleanupError("DATA_BUCKET is not set: name the bucket to clean up")
    if not prefix.strip("/") or not prefix.endswith("/"):
        raise CleanupError(f"CLEANUP_PREFIX {prefix!r} must name a folder and end in '/'")
    if not days.isdecimal() or int(days) < 1:
        raise CleanupError(f"MAX_AGE_DAYS {days!r} must be a whole number of days, 1 or more")
    return Settings(bucket, prefix, int(days))


def find_expired(s3: "S3Client", settings: Settings, cutoff: datetime, tally: Tally) -> Iterator[str]:
    """Yield the keys last modified before `cutoff`, page by page, counting both kinds in `tally`."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=settings.bucket, Prefix=settings.prefix)
    for page in pages:
        for item in page.get("Contents", []):
            if item["LastModified"] >= cutoff:
                tally.kept += 1
                continue
            tally.expired += 1
            yield item["Key"]


def in_batches(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    """Cut `keys` into lists of at most `size`."""
    rest = iter(keys)
    while batch := list(islice(rest, size)):
        yield batch


def delete_batch(s3: "S3Client", bucket: str, keys: list[str], tally: Tally) -> None:
    """Delete up to 1000 objects in one call; DeleteObjects answers 200 even when some of them stay."""
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True})
    errors = answer.get("Errors", [])
    tally.deleted += len(keys) - len(errors)
    tally.errors.extend(f"{error.get('Key')}: {error.get('Code')} {error.get('Message')}" for error in errors)


def clean_up(s3: "S3Client", settings: Settings, now: datetime, dry_run: bool) -> Tally:
    """Delete what is older than the settings allow, or only count it when `dry_run`."""
    tally = Tally()
    cutoff = now - timedelta(days=settings.max_age_days)
    for keys in in_batches(find_expired(s3, settings, cutoff, tally), DELETE_BATCH):
        if not dry_run:
            delete_batch(s3, settings.bucket, keys, tally)
    return tally


def report(tally: Tally, dry_run: bool) -> str:
    """The counts as JSON; raises CleanupError, with the counts and the first 20 refusals, when something stayed."""
    counts = {"deleted": tally.deleted, "expired": tally.expired, "kept": tally.kept, "dry_run": dry_run}
    if tally.errors:
        shown = "; ".join(tally.errors[:REPORTED_ERRORS])
        raise CleanupError(f"{len(tally.errors)} objects were not deleted ({json.dumps(counts)}): {shown}")
    return json.dumps(counts)


def handler(event: dict[str, Any] | None, context: object) -> dict[str, Any]:
    """Clean up; `{"test": true}` or `{"dry_run": true}` only counts.

    Answers statusCode 200 and a JSON body with `deleted`, `expired`, `kept` and `dry_run`. Raises CleanupError when S3
    refused a deletion, so that a scheduled run counts as failed and is retried (deleting again is harmless).
    """
    request = event or {}
    dry_run = bool(request.get("test") or request.get("dry_run"))
    settings = read_settings(os.environ)
    tally = clean_up(boto3.client("s3"), settings, datetime.now(UTC), dry_run)
    return {"statusCode": 200, "body": report(tally, dry_run)}
