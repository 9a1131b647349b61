"""A package index on this machine, with tiny wheels."""

import base64
import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


def wheel(name: str, version: str, files: Mapping[str, str]) -> tuple[str, bytes]:
    """The name and content of a wheel with these files."""
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_hash(content)},{len(content)}\n" for path, content in contents.items())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in {**contents, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, content)
    return f"{name}-{version}-py3-none-any.whl", packed.getvalue()


def _hash(content: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()


@contextmanager
def package_index(files: Mapping[str, bytes]) -> Iterator[int]:
    """The port of an index (below `/simple/`) that has these files."""

    class Index(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            parts = self.path.strip("/").split("/")
            found = [name for name in files if name.startswith(f"{parts[-1].replace('-', '_')}-")]
            content, kind = files.get(parts[-1]), "application/octet-stream"
            if content is None and parts[0] == "simple" and found:
                content, kind = "".join(f'<a href="/files/{name}">{name}</a>' for name in found).encode(), "text/html"
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
