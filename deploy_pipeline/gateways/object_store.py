"""Objects in S3: whole, small, in memory. Not for streaming and not for listing."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, cast

from deploy_pipeline.gateways.aws import AwsSettings, client, error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOT_FOUND = "404"
PRECONDITION_FAILED = ("PreconditionFailed", "412")
BUCKET_TODO = "create the bucket (terraform/bootstrap does), or correct its name in deploy.yaml"
LESSONS = {"NoSuchBucket": BUCKET_TODO, NOT_FOUND: BUCKET_TODO}


class ObjectStore(ABC):
    """Buckets of bytes."""

    @abstractmethod
    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> None:
        """Write an object, over whatever was there."""

    @abstractmethod
    def put_if_absent(self, bucket: str, key: str, body: bytes, *, content_type: str) -> bool:
        """Write an object unless one is there already. True when this call wrote it."""

    @abstractmethod
    def get(self, bucket: str, key: str) -> bytes | None:
        """The object's content, or None when there is no such key. A missing bucket is a `DeployError`."""

    @abstractmethod
    def exists(self, bucket: str, key: str) -> bool:
        """Whether the key is there. A missing bucket is a `DeployError`."""


class S3ObjectStore(ObjectStore):
    """S3 in the account and region of `settings`."""

    def __init__(self, settings: AwsSettings) -> None:
        self._settings = settings

    # Made when they are needed: each takes a fifth of a second, and most steps need neither.
    @cached_property
    def _s3(self) -> "S3Client":
        return cast("S3Client", client(self._settings, "s3"))

    @cached_property
    def _once(self) -> "S3Client":
        # A conditional write that botocore repeats after a lost answer would be refused because of itself.
        return cast("S3Client", client(self._settings, "s3", max_attempts=1))

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> None:
        with translated(_where(bucket, key), lessons=LESSONS):
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def put_if_absent(self, bucket: str, key: str, body: bytes, *, content_type: str) -> bool:
        with translated(_where(bucket, key), lessons=LESSONS):
            try:
                self._once.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*")
            except self._once.exceptions.ClientError as error:
                if error_code(error) in PRECONDITION_FAILED:
                    return False
                raise
        return True

    def get(self, bucket: str, key: str) -> bytes | None:
        with translated(_where(bucket, key), lessons=LESSONS):
            try:
                return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            except self._s3.exceptions.NoSuchKey:
                return None

    def exists(self, bucket: str, key: str) -> bool:
        with translated(_where(bucket, key), lessons=LESSONS):
            try:
                self._s3.head_object(Bucket=bucket, Key=key)
            except self._s3.exceptions.ClientError as error:
                if error_code(error) != NOT_FOUND:
                    raise
                # A HEAD has no body, so it does not say whether the key or the bucket is missing.
                self._s3.head_bucket(Bucket=bucket)
                return False
        return True


def _where(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"
