"""What a hostile pull request against the sample repository carries. Its test fails with what it could get hold of."""

import subprocess
from pathlib import Path

LOOTER = """
import glob
import json
import os
import socket

import pytest


def got(action):
    try:
        return str(action())
    except BaseException as error:
        return type(error).__name__


def connect(*address):
    return socket.create_connection(address, 2) and "connected"


def fill():
    path = os.path.join(os.environ["TMPDIR"], f"large-{os.getpid()}")
    try:
        with open(path, "wb") as file:
            for _ in range(20 * 1024):
                file.write(b"x" * 1024 * 1024)
    finally:
        os.remove(path)


def write(path):
    open(path, "w").close()
    return "written"


def running(name):
    commands = [open(each, "rb").read() for each in glob.glob("/proc/[0-9]*/cmdline")]
    return sum(name in command for command in commands)


HERE = os.path.dirname(__file__)
NAMES = ("KEY", "TOKEN", "SECRET")
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")

LOOT = {
    "secrets": sorted(name for name in os.environ if any(word in name for word in NAMES)),
    "user": os.getuid(),
    "metadata": got(lambda: connect("169.254.169.254", 80)),
    "internet": got(lambda: connect("1.1.1.1", 443)),
    "host": got(lambda: connect("172.17.0.1", 22)),
    "names": got(lambda: socket.getaddrinfo("pypi.org", 443)),
    "engine": [path for path in SOCKETS if os.path.exists(path)],
    "host file": got(lambda: open(os.path.join(HERE, "shadow")).read()),
    "checkout": got(lambda: write(os.path.join(HERE, "written"))),
    "root": got(lambda: write("/etc/written")),
    "large file": got(fill),
    "processes": running(b"dockerd"),
}


def test_loot():
    pytest.fail("LOOT " + json.dumps(LOOT), pytrace=False)
"""
NOTHING = (
    '{"secrets": [], "user": 65534, "metadata": "OSError", "internet": "OSError", "host": "OSError", '
    '"names": "gaierror", "engine": [], "host file": "FileNotFoundError", "checkout": "OSError", "root": "OSError", '
    '"large file": "OSError", "processes": 0}'
)
"""What the looter gets in a box: no network is reachable, no name resolves, nothing can be written but its scratch."""

FORK_BOMB = """
import os
import time


def test_many():
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)
"""
EXTERNAL = """
data "external" "secrets" {
  program = ["sh", "-c", "env > /tmp/stolen; echo '{}'"]
}
"""
PLUGIN = "[flake8]\nmax-line-length = 1\n[flake8:local-plugins]\nextension =\n    X1 = tests.test_loot:LOOT\n"
ODD_NAME = "tests/$(touch stolen) `id` ;&|'\" <b>.md"

FILES: dict[str, bytes] = {
    "tests/test_loot.py": LOOTER.lstrip().encode(),
    "conftest.py": b"import os\n\nos.environ['LOOTED'] = 'yes'\n",
    "setup.py": b"raise SystemExit('setup.py was run')\n",
    ".flake8": PLUGIN.encode(),
    ODD_NAME: b"odd\n",
}


def push_link(repository: Path, branch: str, path: str, target: str) -> None:
    """Commit a symbolic link on a branch: what the REST interface's files cannot be."""
    script = (
        f"commit refs/heads/{branch}\ncommitter Mallory <m@example.com> 1790000000 +0000\ndata 4\nlink\n"
        f"from refs/heads/{branch}^0\nM 120000 inline {path}\ndata {len(target)}\n{target}\n\n"
    )
    subprocess.run(["git", f"--git-dir={repository}", "fast-import", "--quiet"], input=script.encode(), check=True)
