"""A server on this machine that speaks as much of S3 as Terraform's state needs, conditional writes included."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class StateStore(ThreadingHTTPServer):
    """One bucket; `objects` maps keys to bodies."""

    daemon_threads = True

    def __init__(self, bucket: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StateStore

    @property
    def key(self) -> str:
        return urlsplit(self.path).path.removeprefix(f"/{self.server.bucket}").removeprefix("/")

    def do_GET(self) -> None:
        if not self.key:
            keys = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in self.server.objects)
            self._answer(200, f"<ListBucketResult><Name>{self.server.bucket}</Name>{keys}</ListBucketResult>".encode())
        elif self.key in self.server.objects:
            self._answer(200, self.server.objects[self.key])
        else:
            self._error(404, "NoSuchKey")

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.guard:
            if self.headers.get("If-None-Match") == "*" and self.key in self.server.objects:
                self._error(412, "PreconditionFailed")
                return
            self.server.objects[self.key] = body
        self._answer(200, b"")

    def do_DELETE(self) -> None:
        self.server.objects.pop(self.key, None)
        self._answer(204, b"")

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        digest = hashlib.md5(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-MD5", base64.b64encode(digest.digest()).decode())
        self.send_header("ETag", f'"{digest.hexdigest()}"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@contextmanager
def state_store(bucket: str) -> Iterator[StateStore]:
    """Serve an empty bucket until the block ends."""
    with StateStore(bucket) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
