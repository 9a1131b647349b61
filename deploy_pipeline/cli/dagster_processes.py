"""Starts and stops Dagster's web server and daemon for one instance folder. On loopback only: the UI has no login."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from deploy_pipeline.core.errors import DeployError

HOST = "127.0.0.1"
DEFAULT_PORT = 3000
STOP_SECONDS = 15.0
LOG_FOLDER = "process-logs"  # Dagster empties a folder `logs` in its home
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "DOCKER_HOST", "VIRTUAL_ENV")
INHERITED_PREFIXES = ("AWS_", "GITHUB_", "SLACK_", "DEPLOY_PIPELINE_", "TF_", "SSL_", "REQUESTS_", "PIP_", "DAGSTER_")


@dataclass
class DagsterProcesses:
    """A running web server and daemon."""

    home: Path
    port: int
    children: list[subprocess.Popen[bytes]]

    @property
    def url(self) -> str:
        """The address of the UI."""
        return f"http://{HOST}:{self.port}"

    def ended(self) -> str | None:
        """Which of the two has ended by itself, if one has, with where its log is."""
        for name, child in zip(("webserver", "daemon"), self.children, strict=True):
            if child.poll() is not None:
                return f"dagster {name} ended with {child.returncode}; see {self.home / LOG_FOLDER / name}.log"
        return None

    def stop(self) -> None:
        """Ask both to end, with everything they started, and wait for it."""
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def free_port(preferred: int) -> int:
    """`preferred` when nothing listens there, else any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DeployError("no free port", where=HOST)


def start_dagster(project: Path, home: Path, port: int, environment: Mapping[str, str]) -> DagsterProcesses:
    """Start both programs of the virtual environment that runs this one. `home` becomes DAGSTER_HOME."""
    (home / LOG_FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(project / "dagster.yaml", home / "dagster.yaml")
    make_storage(home)
    env = inherited(os.environ) | dict(environment)
    env |= {"DAGSTER_HOME": str(home), "DEPLOY_PIPELINE_UI_URL": f"http://{HOST}:{port}", "PYTHONUNBUFFERED": "1"}
    env.setdefault("DEPLOY_PIPELINE_SPEC", str(project / "deploy.yaml"))
    workspace = ["-w", str(project / "workspace.yaml")]
    bin_folder = Path(sys.executable).parent
    web = [str(bin_folder / "dagster-webserver"), "-h", HOST, "-p", str(port), *workspace]
    daemon = [str(bin_folder / "dagster-daemon"), "run", *workspace]
    logs = home / LOG_FOLDER
    children = [
        launched(web, project, logs / "webserver.log", env),
        launched(daemon, project, logs / "daemon.log", env),
    ]
    return DagsterProcesses(home, port, children)


def make_storage(home: Path) -> None:
    """Make the instance's databases before two programs would make them at once and spoil each other's tables."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)


def launched(argv: list[str], folder: Path, log: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A child in a session of its own, so that a Ctrl-C here reaches it only through us."""
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of our environment that the pipeline may see."""
    return {
        name: value
        for name, value in environment.items()
        if name in INHERITED or name.startswith(INHERITED_PREFIXES) or name.lower().endswith("_proxy")
    }
