"""Object storage in a dictionary."""

import threading
from collections.abc import Mapping
from hashlib import sha256

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.object_store import ObjectStore, Stored


class FakeObjectStore(ObjectStore):
    """`objects` maps (bucket, key) to the content. Where `buckets` is given, any other bucket is missing.

    `ages` gives the age in seconds of what was not written lately; `trouble` is raised by the next writes, one each,
    after they were made; while there is an `outage`, nothing can be asked.
    """

    def __init__(
        self, objects: Mapping[tuple[str, str], bytes] | None = None, buckets: frozenset[str] | None = None
    ) -> None:
        self.objects = dict(objects or {})
        self.content_types: dict[tuple[str, str], str] = {}
        self._buckets = buckets
        self.ages: dict[tuple[str, str], float] = {}
        self.trouble: list[DeployError] = []
        self.outage: DeployError | None = None
        self._one_at_a_time = threading.RLock()

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> None:
        self._check(bucket)
        self.objects[bucket, key] = body
        self.content_types[bucket, key] = content_type
        self.ages.pop((bucket, key), None)

    def put_if_absent(self, bucket: str, key: str, body: bytes, *, content_type: str) -> bool:
        with self._one_at_a_time:
            if self.exists(bucket, key):
                return False
            self.put(bucket, key, body, content_type=content_type)
            return self._written()

    def read(self, bucket: str, key: str) -> Stored | None:
        body = self.get(bucket, key)
        if body is None:
            return None
        return Stored(body, sha256(body).hexdigest(), self.ages.get((bucket, key), 0.0))

    def replace(self, bucket: str, key: str, body: bytes, *, etag: str, content_type: str) -> bool:
        with self._one_at_a_time:
            now = self.read(bucket, key)
            if now is None or now.etag != etag:
                return False
            self.put(bucket, key, body, content_type=content_type)
            return self._written()

    def _written(self) -> bool:
        if self.trouble:
            raise self.trouble.pop(0)
        return True

    def get(self, bucket: str, key: str) -> bytes | None:
        self._check(bucket)
        return self.objects.get((bucket, key))

    def delete(self, bucket: str, key: str) -> None:
        self._check(bucket)
        self.objects.pop((bucket, key), None)

    def exists(self, bucket: str, key: str) -> bool:
        self._check(bucket)
        return (bucket, key) in self.objects

    def _check(self, bucket: str) -> None:
        if self.outage is not None:
            raise self.outage
        if self._buckets is not None and bucket not in self._buckets:
            raise DeployError("NoSuchBucket", where=f"s3://{bucket}", todo="create the bucket")
