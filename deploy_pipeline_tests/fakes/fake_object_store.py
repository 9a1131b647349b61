"""Object storage in a dictionary."""

from collections.abc import Mapping

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.object_store import ObjectStore


class FakeObjectStore(ObjectStore):
    """`objects` maps (bucket, key) to the content. Where `buckets` is given, any other bucket is missing."""

    def __init__(
        self, objects: Mapping[tuple[str, str], bytes] | None = None, buckets: frozenset[str] | None = None
    ) -> None:
        self.objects = dict(objects or {})
        self.content_types: dict[tuple[str, str], str] = {}
        self._buckets = buckets

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> None:
        self._check(bucket)
        self.objects[bucket, key] = body
        self.content_types[bucket, key] = content_type

    def put_if_absent(self, bucket: str, key: str, body: bytes, *, content_type: str) -> bool:
        if self.exists(bucket, key):
            return False
        self.put(bucket, key, body, content_type=content_type)
        return True

    def get(self, bucket: str, key: str) -> bytes | None:
        self._check(bucket)
        return self.objects.get((bucket, key))

    def exists(self, bucket: str, key: str) -> bool:
        self._check(bucket)
        return (bucket, key) in self.objects

    def _check(self, bucket: str) -> None:
        if self._buckets is not None and bucket not in self._buckets:
            raise DeployError("NoSuchBucket", where=f"s3://{bucket}", todo="create the bucket")
