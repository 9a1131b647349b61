"""Objects in S3: whole, small, in memory. Not for streaming and not for listing."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from deploy_pipeline.gateways.aws import AwsSettings, client, error_code, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOT_FOUND = "404"
PRECONDITION_FAILED = ("PreconditionFailed", "412")
CONFLICT = "ConditionalRequestConflict"
"""What a conditional write is told while somebody else writes the object."""
PROMPT_SECONDS = 6.0
"""For the small objects of the ledger: a connection that hangs must not keep a lease's holder from its signs of life.

Not for what is written first, which may be a large package: sending counts, too.
"""
BUCKET_TODO = "create the bucket (terraform/bootstrap does), or correct its name in deploy.yaml"
LESSONS = {"NoSuchBucket": BUCKET_TODO, NOT_FOUND: BUCKET_TODO}


@dataclass(frozen=True)
class Stored:
    """An object as it is: `etag` names just this content, `age_seconds` is by the store's own clock."""

    body: bytes
    etag: str
    age_seconds: float


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
    def read(self, bucket: str, key: str) -> Stored | None:
        """The object with what `replace` asks for, or None when there is no such key."""

    @abstractmethod
    def replace(self, bucket: str, key: str, body: bytes, *, etag: str, content_type: str) -> bool:
        """Write an object over the one that has this `etag`. False when another one, or none, is there.

        After a DeployError that is retryable nobody knows whether it was written: read it again.
        """

    @abstractmethod
    def delete(self, bucket: str, key: str) -> None:
        """Remove an object; one that is not there is no error."""

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

    @cached_property
    def _once_promptly(self) -> "S3Client":
        return cast("S3Client", client(self._settings, "s3", read_timeout=PROMPT_SECONDS, max_attempts=1))

    @cached_property
    def _prompt(self) -> "S3Client":
        return cast("S3Client", client(self._settings, "s3", read_timeout=PROMPT_SECONDS, max_attempts=3))

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> None:
        with translated(_where(bucket, key), lessons=LESSONS):
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    def put_if_absent(self, bucket: str, key: str, body: bytes, *, content_type: str) -> bool:
        with translated(_where(bucket, key), lessons=LESSONS):
            try:
                self._once.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*")
            except self._once.exceptions.ClientError as error:
                if error_code(error) in (*PRECONDITION_FAILED, CONFLICT):
                    return False
                raise
        return True

    def get(self, bucket: str, key: str) -> bytes | None:
        with translated(_where(bucket, key), lessons=LESSONS):
            try:
                return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            except self._s3.exceptions.NoSuchKey:
                return None

    def read(self, bucket: str, key: str) -> Stored | None:
        with translated(_where(bucket, key), lessons=LESSONS):
            try:
                found = self._prompt.get_object(Bucket=bucket, Key=key)
            except self._prompt.exceptions.NoSuchKey:
                return None
            return Stored(found["Body"].read(), found["ETag"], _age(found))

    def replace(self, bucket: str, key: str, body: bytes, *, etag: str, content_type: str) -> bool:
        with translated(_where(bucket, key), lessons=LESSONS):
            try:
                self._once_promptly.put_object(
                    Bucket=bucket, Key=key, Body=body, ContentType=content_type, IfMatch=etag
                )
            except self._once_promptly.exceptions.ClientError as error:
                if error_code(error) in (*PRECONDITION_FAILED, CONFLICT, "NoSuchKey"):
                    return False
                raise
        return True

    def delete(self, bucket: str, key: str) -> None:
        with translated(_where(bucket, key), lessons=LESSONS):
            self._s3.delete_object(Bucket=bucket, Key=key)

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


def _age(answer: Any) -> float:
    """Seconds since the object was written. Both times are the store's own: a clock that is wrong here does no harm."""
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    now = parsedate_to_datetime(said) if said else datetime.now(UTC)
    written: datetime = answer["LastModified"]
    return max(0.0, (now - written).total_seconds())


def _where(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"
