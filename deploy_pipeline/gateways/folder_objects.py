"""Objects as files below a folder of this machine: for validations by hand, which have no account."""

import time
import uuid
from hashlib import sha256
from pathlib import Path

from deploy_pipeline.gateways.object_store import ObjectStore, Stored


class FolderObjects(ObjectStore):
    """Buckets are folders. One user, one process at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, bucket: str, key: str, body: bytes, *, content_type: str) -> None:
        path = self._folder / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        # Nobody who is interrupted leaves half of one.
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        beside.write_bytes(body)
        beside.replace(path)

    def put_if_absent(self, bucket: str, key: str, body: bytes, *, content_type: str) -> bool:
        if self.exists(bucket, key):
            return False
        self.put(bucket, key, body, content_type=content_type)
        return True

    def get(self, bucket: str, key: str) -> bytes | None:
        path = self._folder / bucket / key
        return path.read_bytes() if path.is_file() else None

    def read(self, bucket: str, key: str) -> Stored | None:
        body, path = self.get(bucket, key), self._folder / bucket / key
        if body is None:
            return None
        return Stored(body, sha256(body).hexdigest(), max(0.0, time.time() - path.stat().st_mtime))

    def replace(self, bucket: str, key: str, body: bytes, *, etag: str, content_type: str) -> bool:
        now = self.read(bucket, key)
        if now is None or now.etag != etag:
            return False
        self.put(bucket, key, body, content_type=content_type)
        return True

    def delete(self, bucket: str, key: str) -> None:
        (self._folder / bucket / key).unlink(missing_ok=True)

    def exists(self, bucket: str, key: str) -> bool:
        return (self._folder / bucket / key).is_file()
