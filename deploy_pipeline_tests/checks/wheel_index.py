"""A package index on this machine with the wheels that a test needs: tests themselves never reach the real one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from packaging.utils import canonicalize_name

IN_BOX = "index.internal:80"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@contextmanager
def wheel_index(folder: Path, packages: tuple[str, ...]) -> Iterator[str]:
    """Fetch the packages with what they need, and serve them as `simple/`; the `host:port` to find them at."""
    wanted = ("--only-binary=:all:", "--python-version=3.11", "--quiet", f"--dest={folder}")
    subprocess.run((sys.executable, "-m", "pip", "download", *wanted, *packages), check=True, capture_output=True)
    for wheel in list(folder.glob("*.whl")):
        place = folder / "simple" / canonicalize_name(wheel.name.partition("-")[0]) / wheel.name
        place.parent.mkdir(parents=True, exist_ok=True)
        wheel.rename(place)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
