"""Measures what the engine adds to a graph's own time, beside other engines, and exits with 1 above a target.

Run it with `make bench-engine` while nothing else runs: it is a benchmark, not a test.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import click

from benchmarks.engine_commands import (
    PINNED,
    Engine,
    dagster_engine,
    installed,
    luigi_engine,
    make_engine,
    our_engine,
    prefect_engine,
    run,
)
from benchmarks.engine_graph import graph
from benchmarks.engine_jobs import MEMORY
from benchmarks.engine_service import PROJECT, Service, service
from benchmarks.record import Record, machine, spread
from deploy_pipeline.cli.instance_folder import prepare_instance
from deploy_pipeline.core.errors import DeployError

ROUNDS = 5
DEPLOYMENT = graph("deployment")
FEW, MANY = 20, 220
FEW_AT_ONCE, MANY_AT_ONCE = 100, 500
WARM, COLD = "warm, launched by GraphQL", "cold, from the command line"
TARGETS = {
    f"{WARM}: x critical path": 1.15,
    f"{COLD}: x critical path": 1.5,
    f"{WARM}: ms per no-op step in a chain": 10.0,
    f"{WARM}: ms per no-op step side by side": 10.0,
    f"kB of memory per no-op step, {FEW_AT_ONCE} to {MANY_AT_ONCE} at once": 100.0,
}
HELP = (
    f"x critical path: {len(DEPLOYMENT.steps)} steps of 0.5 s in 7 levels, {DEPLOYMENT.critical_path} s at least",
    f"{WARM}: from the request to the end of the run as Dagster records it; service running, one run before it",
    f"{COLD} (`deploy-pipeline run`), and all others: from the start of the process to its end; one run before",
    "ms per no-op step: the difference between a large and a small graph, divided by that of their steps",
    "memory: the most resident memory of the run worker at the last step (VmHWM), the difference likewise",
    "Dagster's own executors: `dagster job execute` with the settings of an empty dagster.yaml, telemetry off",
)
Figures = dict[str, float]


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often each figure is measured.")
@click.option("--only-ours", is_flag=True, help="Leave out the other engines.")
def main(rounds: int, only_ours: bool) -> None:
    """Measure, print, write results/engine.json and results/engines.json. Exit code 1 when a target is missed."""
    for line in HELP:
        click.echo(line)
    facts = machine()
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-engine-") as name:
        folder = Path(name)
        with service(subfolder(folder, "service"), {}) as running:
            figures |= warm_figures(running, rounds)
        figures |= command_figures(COLD, our_engine(subfolder(folder, "cold"), FEW, MANY), rounds)
        found = Record("engine", figures, TARGETS, {"machine": facts, "measured": HELP})
        told(found)
        if not only_ours:
            told(beside(folder, rounds))
    sys.exit(1 if found.missed else 0)


def told(found: Record) -> None:
    """Show and write what was measured."""
    found.show()
    click.echo(f"written to {found.write()}")


def beside(folder: Path, rounds: int) -> Record:
    """The other engines, by the same measure."""
    facts = machine()
    figures, failures = figures_beside(folder, rounds)
    facts |= {"versions": {name: list(wanted) for name, wanted in PINNED.items()}, "not measured": failures}
    return Record("engines", figures, {}, {"machine": facts, "measured": HELP})


def subfolder(folder: Path, name: str) -> Path:
    """A new folder below another one."""
    (folder / name).mkdir(parents=True)
    return folder / name


def figures_beside(folder: Path, rounds: int) -> tuple[Figures, dict[str, str]]:
    """What is measured of every other engine, and why it is not of some: no target hangs on them."""
    figures: Figures = {}
    failures = {}
    for name, make in others(folder).items():
        try:
            figures |= command_figures(name, make(), rounds)
        except DeployError as error:
            failures[name] = str(error)
            click.echo(f"{name} was not measured: {error}")
    return figures, failures


def others(folder: Path) -> dict[str, Callable[[], Engine]]:
    """Every other engine by its name, made when it is wanted: some are installed then."""
    home = subfolder(folder, "default")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return {
        "bash, make -j16": lambda: make_engine(subfolder(folder, "make")),
        "Luigi, 16 workers": lambda: luigi_engine(installed("luigi")),
        "Prefect 3": lambda: prefect_engine(installed("prefect"), subfolder(folder, "prefect")),
        "our executor, `dagster job execute`": lambda: dagster_engine("threads", settings_of_ours(folder), FEW, MANY),
        "Dagster in_process executor": lambda: dagster_engine("in_process", home, FEW, MANY),
        "Dagster multiprocess executor, default": lambda: dagster_engine("multiprocess", home, 5, FEW),
    }


def settings_of_ours(folder: Path) -> Path:
    """An instance with the project's settings."""
    home = subfolder(folder, "stock")
    prepare_instance(PROJECT, home, click.echo)
    return home


def warm_figures(running: Service, rounds: int) -> Figures:
    """Everything that is measured of the running service."""
    running.run("chain_5__threads")
    shape, few, many = [], [], []
    side_few, side_many, kilobytes = [], [], []
    at_once = MANY_AT_ONCE - FEW_AT_ONCE
    for number in range(rounds):
        shape.append(running.run("deployment__threads"))
        few.append(running.run(f"chain_{FEW}__threads").seconds)
        many.append(running.run(f"chain_{MANY}__threads").seconds)
        side_few.append(running.run(f"fan_{FEW}__threads").seconds)
        side_many.append(running.run(f"fan_{MANY}__threads").seconds)
        less, more = (running.run(f"fan_{count}__all_at_once").run_id for count in (FEW_AT_ONCE, MANY_AT_ONCE))
        kilobytes.append((running.metadata(more, MEMORY) - running.metadata(less, MEMORY)) / at_once)
        click.echo(f"{WARM}, round {number + 1}: {shape[-1].seconds:.2f} s")
    return {
        **ratios(WARM, [one.seconds for one in shape]),
        f"{WARM}: s to the first event of the run": round(median(one.to_start for one in shape), 2),
        f"{WARM}: s from there to its end, beyond the critical path": round(
            median(one.seconds - one.to_start for one in shape) - DEPLOYMENT.critical_path, 2
        ),
        f"{WARM}: ms per no-op step in a chain": per_step(few, many, MANY - FEW),
        f"{WARM}: ms per no-op step side by side": per_step(side_few, side_many, MANY - FEW),
        f"kB of memory per no-op step, {FEW_AT_ONCE} to {MANY_AT_ONCE} at once": round(median(kilobytes), 1),
    }


def command_figures(name: str, engine: Engine, rounds: int) -> Figures:
    """What is measured of an engine that is started for each graph."""
    run(engine, f"chain_{engine.few}")  # an engine that keeps a database makes it now
    shape, few, many = [], [], []
    for number in range(rounds):
        shape.append(run(engine, DEPLOYMENT.name))
        few.append(run(engine, f"chain_{engine.few}").seconds)
        many.append(run(engine, f"chain_{engine.many}").seconds)
        click.echo(f"{name}, round {number + 1}: {shape[-1].seconds:.2f} s")
    return {
        **ratios(name, [one.seconds for one in shape]),
        f"{name}: ms per no-op step in a chain": per_step(few, many, engine.many - engine.few),
        f"{name}: CPU s of the 16 steps": round(median(one.cpu_seconds for one in shape), 2),
    }


def ratios(name: str, seconds: list[float]) -> Figures:
    """The time of the 16 steps over the critical path."""
    found = spread([round(each / DEPLOYMENT.critical_path, 3) for each in seconds])
    middle = round(median(seconds) / DEPLOYMENT.critical_path, 3)
    return {f"{name}: x critical path": middle, f"{name}: least": found["least"], f"{name}: most": found["most"]}


def per_step(few: list[float], many: list[float], steps: int) -> float:
    """Milliseconds that one more step costs, by the medians."""
    return round((median(many) - median(few)) / steps * 1000, 2)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
