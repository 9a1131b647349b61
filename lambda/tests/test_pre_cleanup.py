"""pre_cleanup: the guards around deletion, and deletion itself in an emulated bucket."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

BUCKET = "engagement-data"
Loader = Callable[..., ModuleType]


@pytest.fixture
def function(load_function: Loader) -> ModuleType:
    return load_function("pre_cleanup")


def put(*keys: str) -> None:
    s3 = boto3.client("s3")
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")


def keys_left() -> list[str]:
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "DATA_BUCKET"),
        ({"DATA_BUCKET": "b", "CLEANUP_PREFIX": "/"}, "must name a folder"),
        ({"DATA_BUCKET": "b", "CLEANUP_PREFIX": "runs"}, "end in '/'"),
        ({"DATA_BUCKET": "b", "MAX_AGE_DAYS": "0"}, "MAX_AGE_DAYS '0'"),
        ({"DATA_BUCKET": "b", "MAX_AGE_DAYS": "-3"}, "MAX_AGE_DAYS '-3'"),
        ({"DATA_BUCKET": "b", "MAX_AGE_DAYS": "1.5"}, "MAX_AGE_DAYS '1.5'"),
    ],
)
def test_read_settings_refuses_what_is_unsafe(function: ModuleType, environment: dict[str, str], message: str) -> None:
    with pytest.raises(function.CleanupError, match=message):
        function.read_settings(environment)


def test_read_settings_takes_defaults_for_empty_values(function: ModuleType) -> None:
    settings = function.read_settings({"DATA_BUCKET": "b", "CLEANUP_PREFIX": "", "MAX_AGE_DAYS": ""})
    assert settings == function.Settings("b", "runs/", 30)


def test_in_batches_cuts_at_the_size(function: ModuleType) -> None:
    assert list(function.in_batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(function.in_batches("", 2)) == []


def test_clean_up_deletes_only_expired_objects_under_the_prefix(function: ModuleType, aws: None) -> None:
    put("runs/a", "runs/b", "models/latest/model.joblib")
    settings = function.Settings(BUCKET, "runs/", 30)
    tally = function.clean_up(boto3.client("s3"), settings, datetime.now(UTC) + timedelta(days=31), False)
    assert (tally.deleted, tally.expired, tally.kept, tally.errors) == (2, 2, 0, [])
    assert keys_left() == ["models/latest/model.joblib"]


def test_clean_up_goes_on_past_one_page_and_one_batch(function: ModuleType, aws: None) -> None:
    put(*(f"runs/{number:04d}" for number in range(1003)))
    settings = function.Settings(BUCKET, "runs/", 1)
    tally = function.clean_up(boto3.client("s3"), settings, datetime.now(UTC) + timedelta(days=2), False)
    assert tally.deleted == 1003
    assert keys_left() == []


def test_clean_up_keeps_everything_in_a_dry_run(function: ModuleType, aws: None) -> None:
    put("runs/a")
    settings = function.Settings(BUCKET, "runs/", 30)
    tally = function.clean_up(boto3.client("s3"), settings, datetime.now(UTC) + timedelta(days=31), True)
    assert (tally.deleted, tally.expired) == (0, 1)
    assert keys_left() == ["runs/a"]


@pytest.mark.parametrize(("event", "dry_run"), [({"test": True}, True), ({"dry_run": True}, True), ({}, False)])
def test_handler_reports_counts(function: ModuleType, aws: None, event: dict[str, Any], dry_run: bool) -> None:
    put("runs/young")
    answer = function.handler(event, None)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"deleted": 0, "expired": 0, "kept": 1, "dry_run": dry_run}


def test_report_raises_when_s3_refused_a_deletion(function: ModuleType, aws: None) -> None:
    s3 = boto3.client("s3")
    old = datetime.now(UTC) - timedelta(days=99)
    listing = {"Contents": [{"Key": "runs/a", "LastModified": old}, {"Key": "runs/b", "LastModified": old}]}
    refusal = {"Errors": [{"Key": "runs/b", "Code": "AccessDenied", "Message": "no"}]}
    deletion = {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "runs/a"}, {"Key": "runs/b"}], "Quiet": True}}
    with Stubber(s3) as stub:
        stub.add_response("list_objects_v2", listing, {"Bucket": BUCKET, "Prefix": "runs/"})
        stub.add_response("delete_objects", refusal, deletion)
        tally = function.clean_up(s3, function.Settings(BUCKET, "runs/", 30), datetime.now(UTC), False)
    with pytest.raises(function.CleanupError, match=r'1 objects .*"deleted": 1.* runs/b: AccessDenied no'):
        function.report(tally, False)
