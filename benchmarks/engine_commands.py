"""What runs a graph from the command line, one engine each: its command, its environment, and the installing of it."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import click

from benchmarks.engine_graph import Graph, graph
from benchmarks.engine_service import PROJECT, of_dagster
from deploy_pipeline.core.errors import DeployError

ENVIRONMENTS = Path(__file__).parent / ".envs"
"""One virtual environment for each engine that is not Dagster; made when it is first needed, and kept."""
PINNED = {
    "luigi": ("luigi==3.8.1",),
    "prefect": ("prefect==3.8.8", "fastapi~=0.139.0", "sqlalchemy~=2.0.0"),
    "awscli": ("awscli==1.46.3",),
}
WORKERS = 16
SHOWN = 3000
SECONDS = 1800.0


@dataclass(frozen=True)
class Engine:
    """`argv` gives the command for a graph's name. `few`, `many`: the chains that give the cost of a no-op step."""

    argv: Callable[[str], Sequence[str]]
    environment: Mapping[str, str]
    few: int = 20
    many: int = 220


@dataclass(frozen=True)
class Ran:
    """From the start of the process to its end, and what it and its children used of all cores, in seconds."""

    seconds: float
    cpu_seconds: float = field(default=0.0)


def run(engine: Engine, name: str) -> Ran:
    """Run a graph. Raises DeployError when the command fails."""
    used, start = children_cpu(), perf_counter()
    done = subprocess.run(
        engine.argv(name), cwd=PROJECT, env=dict(engine.environment), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=False, timeout=SECONDS,
    )  # fmt: skip
    seconds = perf_counter() - start
    if done.returncode:
        raise DeployError(done.stderr.decode(errors="replace")[-SHOWN:], where=" ".join(engine.argv(name)))
    return Ran(seconds, children_cpu() - used)


def children_cpu() -> float:
    """What children of this process that have ended used so far, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def dagster_engine(executor: str, home: Path, few: int, many: int) -> Engine:
    """`dagster job execute` with one of the executors of `engine_jobs`, on the instance in `home`."""

    def argv(graph_name: str) -> Sequence[str]:
        job = f"{graph_name}__{executor}"
        return [sys.executable, "-m", "dagster", "job", "execute", "-m", "benchmarks.engine_jobs", "-j", job]

    return Engine(argv, of_dagster(home), few, many)


def our_engine(home: Path, few: int, many: int) -> Engine:
    """`deploy-pipeline run` with the thread executor, on the instance in `home`."""

    def argv(graph_name: str) -> Sequence[str]:
        command = [sys.executable, "-m", "deploy_pipeline.cli.main", "run", "--home", str(home)]
        return [*command, "-m", "benchmarks.engine_jobs", f"{graph_name}__threads"]

    return Engine(argv, of_dagster(home), few, many)


def make_engine(folder: Path) -> Engine:
    """GNU make, with each step a command of the shell."""

    def argv(name: str) -> Sequence[str]:
        file = folder / f"{name}.mk"
        file.write_text(makefile(graph(name)))
        return ["make", f"-j{WORKERS}", "-s", "-f", str(file), "all"]

    return Engine(argv, dict(os.environ))


def makefile(wanted: Graph) -> str:
    """The graph as rules without files. `sleep` is a program, so a step costs a process, as anywhere."""
    command = f"sleep {wanted.seconds}" if wanted.seconds else "true"
    rules = [f"{key}: {' '.join(needs)}\n\t@{command}\n" for key, needs in wanted.steps.items()]
    keys = " ".join(wanted.steps)
    return f"SHELL = /bin/bash\n.PHONY: all {keys}\nall: {keys}\n" + "".join(rules)


def luigi_engine(python: Path) -> Engine:
    """Luigi with 16 worker processes and its scheduler in the same program."""
    return Engine(lambda name: [str(python), "-m", "benchmarks.engine_luigi", name], plain())


def prefect_engine(python: Path, folder: Path) -> Engine:
    """Prefect 3 with 16 threads, and the server that it starts for itself."""
    own = {
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }
    argv = "benchmarks.engine_prefect"
    return Engine(lambda name: [str(python), "-m", argv, name], {**plain(), **own}, few=5, many=25)


def plain() -> dict[str, str]:
    """Our environment without what would point another Python at our packages."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


def installed(name: str) -> Path:
    """The Python of an environment that holds one pinned engine. Raises DeployError where it cannot be installed."""
    folder, wanted = ENVIRONMENTS / name, PINNED[name]
    python, stamp = folder / "bin" / "python", folder / ".installed"
    if stamp.exists() and stamp.read_text() == " ".join(wanted):
        return python
    click.echo(f"Installing {wanted[0]} into {folder}")
    for argv in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
    ):
        done = subprocess.run(argv, capture_output=True, text=True, env=plain(), check=False)
        if done.returncode:
            raise DeployError(
                done.stderr[-SHOWN:],
                where=wanted[0],
                todo="is the package index reached? bench-engine runs without it with --only-ours",
            )
    stamp.write_text(" ".join(wanted))
    return python
