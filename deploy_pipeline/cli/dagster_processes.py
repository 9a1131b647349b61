"""Starts and stops Dagster's web server and daemon, and the warm server beside them, for one instance folder.

On loopback only: the UI has no login.
"""

import hashlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from deploy_pipeline.cli.instance_folder import prepare_instance, sole_use
from deploy_pipeline.cli.launched import Kept, Program, forked, launched
from deploy_pipeline.cli.process_family import Family
from deploy_pipeline.cli.warm_process import WarmProcess, start_warm
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.interruptions import uninterrupted

HOST = "127.0.0.1"
DEFAULT_PORT = 3000
DEMO_GRACE_SECONDS = 60.0
MARKED_SECONDS = 0.2
GRACE_SECONDS = 300.0  # Terraform gets as long to end its calls and write its state
OWN = {"webserver": 1, "daemon": 3}  # where the arguments of the program itself begin
MARKER = "DEPLOY_PIPELINE_DAGSTER"
LOG_FOLDER = "process-logs"  # Dagster empties a folder `logs` in its home
OWNER_ONLY = 0o700
INHERITED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "DOCKER_HOST", "VIRTUAL_ENV",
    "CURL_CA_BUNDLE",
)  # fmt: skip
INHERITED_PREFIXES = (
    "AWS_", "GITHUB_", "SLACK_", "DEPLOY_PIPELINE_", "TF_", "SSL_", "REQUESTS_", "PIP_", "DAGSTER_", "INFRACOST_",
    "SAFETY_", "CODECOV_",
)  # fmt: skip


def say(line: str) -> None:
    """Tell whoever runs the command, without mixing it into its output."""
    click.echo(line, err=True)


@dataclass
class DagsterProcesses:
    """A running web server and daemon (`programs`), all that they started (`family`), and the hold on `home`.

    `warm` is what runs start from; without it they start cold.
    """

    home: Path
    port: int
    programs: Sequence[Kept]
    family: Family
    hold: ExitStack
    warm: WarmProcess | None = None

    @property
    def url(self) -> str:
        """The address of the UI."""
        return f"http://{HOST}:{self.port}"

    @property
    def children(self) -> list[Program]:
        """The web server and the daemon as they run now."""
        return [program.process for program in self.programs]

    def mend(self) -> str | None:
        """Start again what has ended by itself: runs go on meanwhile. Says which one ends again and again, if one does,
        with where its log is."""
        if self.warm is not None:
            self.warm.mend(say)
        return next((trouble for program in self.programs if (trouble := program.mend(say))), None)

    def stop(self, grace: float = DEMO_GRACE_SECONDS, show: Callable[[str], None] = say) -> None:
        """End both and everything that they started: code servers, run workers, steps and their programs.

        Runs are interrupted and have `grace` seconds to end in order; what is left then is killed. A Ctrl-C meanwhile
        changes nothing. Returns when nothing of it runs; `show` gets a line when that takes more than two seconds.
        """
        with uninterrupted(), self.hold:
            self.family.end(grace, show)
            for child in [*self.children, *([self.warm.process] if self.warm else [])]:
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


def start_dagster(
    project: Path, home: Path, port: int, environment: Mapping[str, str], *, base: Mapping[str, str] | None = None
) -> DagsterProcesses:
    """Start the programs of the virtual environment that runs this one. `home` becomes DAGSTER_HOME.

    They see `base` (by default the part of our environment that a pipeline may see) and `environment` over it. What an
    earlier start left running on `home` is ended first. Raises `DeployError` when another one uses `home` now.
    """
    home.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
    with ExitStack() as hold:
        hold.enter_context(sole_use(home))
        family = family_of(home)
        end_leftovers(family, home)
        prepare_instance(project, home, say)
        env = dagster_environment(project, home, port, (inherited(os.environ) if base is None else base), environment)
        (home / LOG_FOLDER).mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
        with ended_on_error(family):
            warm, workspace = start_warm(project, home, home / LOG_FOLDER / "warm.log", env)
        programs = launch_all(commands(port, workspace), project, home / LOG_FOLDER, env, family, home)
        return DagsterProcesses(home, port, programs, family, hold.pop_all(), warm)


def commands(port: int, workspace: Path) -> dict[str, list[str]]:
    """The web server and the daemon, by the names of their logs."""
    return {
        "webserver": ["dagster-webserver", "-h", HOST, "-p", str(port), "-w", str(workspace)],
        "daemon": [Path(sys.executable).name, "-m", "deploy_pipeline.warm.daemon", "-w", str(workspace)],
    }


def family_of(home: Path) -> Family:
    """The processes of the instance in `home`, whoever started them."""
    return Family(f"{MARKER}={identity_of(home)}", SystemClock())


def identity_of(home: Path) -> str:
    """What the processes of one instance are marked with: it follows from the folder."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]


def end_leftovers(family: Family, home: Path) -> None:
    """End what was left by a start that was killed: nobody else holds the folder."""
    if family.alive():
        say(f"ending what an earlier start left running on {home}")
        family.end(GRACE_SECONDS, say)


def dagster_environment(
    project: Path, home: Path, port: int, base: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, str]:
    """All that the web server and the daemon see. A variable that is set to nothing counts as not set."""
    defaults = {"DEPLOY_PIPELINE_UI_URL": f"http://{HOST}:{port}", "DEPLOY_PIPELINE_SPEC": str(project / "deploy.yaml")}
    given = {name: value for name, value in {**base, **environment}.items() if value or name not in defaults}
    return {**defaults, **given, "DAGSTER_HOME": str(home), "PYTHONUNBUFFERED": "1", MARKER: identity_of(home)}


def launch_all(
    commands: Mapping[str, Sequence[str]],
    folder: Path,
    logs: Path,
    env: Mapping[str, str],
    family: Family,
    home: Path | None = None,
) -> list[Kept]:
    """Start every program (name of its log -> arguments). When one cannot be started, those before it are ended.

    With a `home` they are forked from its warm server, if it answers.
    """
    logs.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
    bin_folder = Path(sys.executable).parent

    def kept(name: str, argv: Sequence[str]) -> Kept:
        log = logs / f"{name}.log"

        def launch() -> Program:
            warm = forked(home, name, argv[OWN[name] :], log) if home else None
            return warm or launched([str(bin_folder / argv[0]), *argv[1:]], folder, log, env)

        return Kept(name, log, launch, launch())

    with ended_on_error(family):
        return [kept(name, argv) for name, argv in commands.items()]


@contextmanager
def ended_on_error(family: Family) -> Iterator[None]:
    """What has been started is ended when not all of it can be."""
    try:
        yield
    except BaseException:
        with uninterrupted():
            family.end(DEMO_GRACE_SECONDS, say)
            time.sleep(MARKED_SECONDS)  # what was started just now shows its mark a moment later
            family.end(DEMO_GRACE_SECONDS, say)
        raise


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of our environment that the pipeline may see."""
    return {
        name: value
        for name, value in environment.items()
        if name in INHERITED or name.startswith(INHERITED_PREFIXES) or name.lower().endswith("_proxy")
    }
