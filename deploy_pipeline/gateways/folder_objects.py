"""Objects as files below a folder of this machine: for validations by hand, which have no account."""

import uuid
from pathlib import Path

from deploy_pipeline.gateways.object_store import ObjectStore


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

    def exists(self, bucket: str, key: str) -> bool:
        return (self._folder / bucket / key).is_file()
