"""S3, against an emulated AWS and against scripted errors."""

import uuid

import boto3
import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.object_store import S3ObjectStore


@pytest.fixture
def bucket(aws: AwsSettings) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    boto3.client("s3", region_name=aws.region, endpoint_url=aws.endpoint_url).create_bucket(Bucket=name)
    return name


@pytest.mark.real
def test_put_and_get(aws: AwsSettings, bucket: str) -> None:
    store = S3ObjectStore(aws)
    assert store.get(bucket, "a/b.json") is None
    assert not store.exists(bucket, "a/b.json")
    store.put(bucket, "a/b.json", b"one", content_type="application/json")
    store.put(bucket, "a/b.json", b"two", content_type="application/json")
    assert store.get(bucket, "a/b.json") == b"two"
    assert store.exists(bucket, "a/b.json")


@pytest.mark.real
def test_put_if_absent_writes_once(aws: AwsSettings, bucket: str) -> None:
    store = S3ObjectStore(aws)
    assert store.put_if_absent(bucket, "key", b"first", content_type="text/plain")
    assert not store.put_if_absent(bucket, "key", b"second", content_type="text/plain")
    assert store.get(bucket, "key") == b"first"


@pytest.mark.real
def test_missing_bucket_teaches(aws: AwsSettings) -> None:
    store = S3ObjectStore(aws)
    for call in (
        lambda: store.get("no-such-bucket", "key"),
        lambda: store.exists("no-such-bucket", "key"),
        lambda: store.put("no-such-bucket", "key", b"", content_type="text/plain"),
        lambda: store.put_if_absent("no-such-bucket", "key", b"", content_type="text/plain"),
    ):
        with pytest.raises(DeployError, match="terraform/bootstrap"):
            call()


def test_put_if_absent_asks_for_the_condition(stubbed_aws: AwsSettings) -> None:
    store = S3ObjectStore(stubbed_aws)
    expected = {"Bucket": "b", "Key": "k", "Body": b"x", "ContentType": "text/plain", "IfNoneMatch": "*"}
    with Stubber(store._once) as stub:
        stub.add_response("put_object", {}, expected)
        assert store.put_if_absent("b", "k", b"x", content_type="text/plain")
        stub.add_client_error("put_object", "PreconditionFailed", http_status_code=412, expected_params=expected)
        assert not store.put_if_absent("b", "k", b"x", content_type="text/plain")
        stub.add_client_error("put_object", "AccessDenied", "no", 403, expected_params=expected)
        with pytest.raises(DeployError, match="PutObject"):
            store.put_if_absent("b", "k", b"x", content_type="text/plain")


def test_exists_without_permission_is_not_absence(stubbed_aws: AwsSettings) -> None:
    store = S3ObjectStore(stubbed_aws)
    with Stubber(store._s3) as stub:
        stub.add_client_error("head_object", "403", "Forbidden", 403, expected_params={"Bucket": "b", "Key": "k"})
        with pytest.raises(DeployError, match="HeadObject"):
            store.exists("b", "k")
