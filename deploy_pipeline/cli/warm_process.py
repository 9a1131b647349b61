"""The warm server beside the web server and the daemon: it forks the workers of runs, and serves the code location."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from deploy_pipeline.cli.launched import launched
from deploy_pipeline.gateways.certificates import trusted_file
from deploy_pipeline.gateways.clock import Clock, SystemClock
from deploy_pipeline.warm.code_server import SOCKET, serving

WORKSPACE = "workspace.yaml"
LONGEST_PATH = 100  # of a UNIX socket that gRPC can open
READY_SECONDS = 60.0
POLL_SECONDS = 0.1
AGAIN_SECONDS = 30.0

Launch = Callable[[], subprocess.Popen[bytes]]


@dataclass(frozen=True)
class Location:
    """A code location that is one module: the name that it has in Dagster, and the module."""

    name: str
    module: str


@dataclass
class WarmProcess:
    """Kept running: where it is away, runs start cold. `launch` starts it."""

    launch: Launch
    process: subprocess.Popen[bytes]
    since: float

    def mend(self, say: Callable[[str], None]) -> None:
        """Start it again when it has ended, not more often than every half minute."""
        code, now = self.process.poll(), time.monotonic()
        if code is not None and now - self.since >= AGAIN_SECONDS:
            say(f"the warm server ended with {code}: starting it again; runs start cold until it answers")
            self.process, self.since = self.launch(), now


def only_location(workspace: Path) -> Location | None:
    """The code location of a workspace that has one, of one module; None for every other workspace."""
    content = YAML(typ="safe").load(workspace.read_text())
    entries = content.get("load_from") if isinstance(content, dict) else None
    entry = entries[0].get("python_module") if isinstance(entries, list) and len(entries) == 1 else None
    if not isinstance(entry, dict) or "module_name" not in entry or entry.get("working_directory", ".") != ".":
        return None
    return Location(str(entry.get("location_name") or entry["module_name"]), str(entry["module_name"]))


def served_location(project: Path, home: Path) -> Location | None:
    """The code location that the warm server can serve for both programs; None: each starts a code server itself."""
    if len(str(home / SOCKET)) > LONGEST_PATH:
        return None
    return only_location(project / WORKSPACE)


def warm_arguments(home: Path, location: Location | None, watched: Sequence[str]) -> list[str]:
    """The command line; `watched` are the files that are read when the code is loaded, once for all workers."""
    served = ["--location", location.name, "--module", location.module] if location else []
    files = [word for file in watched for word in ("--watched", file)]
    return [sys.executable, "-m", "deploy_pipeline.warm", str(home), *files, *served]


def workspace_of(home: Path, location: Location) -> Path:
    """Write the workspace that names the code server of `home`; its path."""
    entry = {"socket": str(home / SOCKET), "host": "localhost", "location_name": location.name}
    file = home / WORKSPACE
    file.write_text(json.dumps({"load_from": [{"grpc_server": entry}]}))
    return file


def serves(home: Path, process: subprocess.Popen[bytes], clock: Clock) -> bool:
    """Wait for the code server; False when the warm server has ended, or takes too long."""
    deadline = clock.monotonic() + READY_SECONDS
    while process.poll() is None and clock.monotonic() < deadline:
        if serving(home) is not None:
            return True
        clock.sleep(POLL_SECONDS)
    return False


def start_warm(project: Path, home: Path, log: Path, env: Mapping[str, str]) -> tuple[WarmProcess, Path]:
    """Start the warm server; with it, the workspace for the other two: its code server, else the project's own."""
    location = served_location(project, home)
    argv = warm_arguments(home, location, [env["DEPLOY_PIPELINE_SPEC"], trusted_file(env)])

    def launch() -> subprocess.Popen[bytes]:
        return launched(argv, project, log, env)

    warm = WarmProcess(launch, launch(), time.monotonic())
    if location is not None and serves(home, warm.process, SystemClock()):
        return warm, workspace_of(home, location)
    return warm, project / WORKSPACE
