"""Measures how a deployment grows with the application, and exits with 1 when a target is missed.

Run it with `make bench-scale` while nothing else runs: it is a benchmark, not a test. It needs the Docker engine, and
makes a sandbox of its own for each size.
"""

import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import dagster as dg

from benchmarks.deploy_scene import Scene, deploy_config, fresh_scene, pipeline
from benchmarks.engine_service import Service
from benchmarks.process_usage import Usage
from benchmarks.record import Record, machine, spread
from benchmarks.scale_project import BRANCH, REPOSITORY, Size, prepare_account, sources, write_project
from deploy_pipeline.cli.pull_request import AUTHOR
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch
from deploy_pipeline.sandbox.layout import Layout

HOME = Path(__file__).parent / ".sandbox-scale"
"""Kept: the tools that every sandbox needs are in it, or named after it."""
ROUNDS = 5
SIZES = "10x2,50x10,200x50"
PID = re.compile(r"\(pid: (\d+)\)")
OWN, WALL, MEMORY = "own ms per function", "wall ms per function", "kB of memory per function"
TIME_GROWTH = "own time of the largest / on the line through the smaller two"
MEMORY_GROWTH = "memory of the largest / on the line through the smaller two"
LINEAR = 1.3
SIZES_NEEDED = 3
TARGETS = {OWN: 150.0, TIME_GROWTH: LINEAR, MEMORY_GROWTH: LINEAR}
HELP = (
    "every run deploys a commit that changes every function and every image; images are FROM scratch with one file",
    "own time: CPU time of the run worker alone, user and system: all of our code, Dagster's, boto3's, and nothing of",
    "the Docker engine, of Trivy and git, or of the emulated AWS, which are other processes",
    "per function: the difference between the largest and the smallest size, divided by that of their functions; the",
    "images that come with them (one for four or five functions) are in it",
    "wall: from the launch to the end of the run, external programs and the emulated AWS included",
    f"linear: the largest size has at most {LINEAR} times what the line through the two smallest leads to",
)


@dataclass(frozen=True)
class Measured:
    """One deployment: wall seconds, the worker's own CPU seconds, and its peak memory in kB."""

    seconds: float
    own: float
    kilobytes: int


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often each size is deployed.")
@click.option("--sizes", default=SIZES, show_default=True, help="Functions x images, three sizes, smallest first.")
def main(rounds: int, sizes: str) -> None:
    """Measure, print, write results/scale.json. Exit code 1 when a target is missed."""
    facts = machine()
    wanted = [Size(*map(int, size.split("x"))) for size in sizes.split(",")]
    if len(wanted) != SIZES_NEEDED:
        raise click.UsageError(f"{SIZES_NEEDED} sizes are needed, not {len(wanted)}")
    measured = {size: deployments(size, rounds) for size in wanted}
    found = record(measured, facts)
    for line in HELP:
        click.echo(line)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def deployments(size: Size, rounds: int) -> list[Measured]:
    """Deploy an application of a size some times; the deployment before the first round is not counted."""
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
        project = Path(folder)
        write_project(project, size)
        with fresh_scene(HOME, project) as scene:
            prepare_account(size)
            with pipeline(scene.home, project) as running:
                found = [deployment(running, scene, size, f"round {number}") for number in range(rounds + 1)]
    return found[1:]


def deployment(running: Service, scene: Scene, size: Size, note: str) -> Measured:
    """Commit a change of everything, and deploy it."""
    repository = repository_path(Layout(scene.home.resolve()).doubles, REPOSITORY)
    sha = commit_on_branch(repository, BRANCH, BRANCH, sources(size, note), note, AUTHOR)
    seen: dict[str, Usage] = {}

    def look(run_id: str) -> None:
        seen.setdefault(run_id, Usage(lambda: worker_of(running, run_id))).look()

    launched = running.run("deploy_job", deploy_config(sha), look)
    usage = seen[launched.run_id]
    click.echo(f"{size.name}, {note}: {launched.seconds:.1f} s, own {usage.cpu_seconds:.1f} s")
    return Measured(launched.seconds, usage.cpu_seconds, usage.peak_kilobytes)


def worker_of(running: Service, run_id: str) -> int | None:
    """The process that executes a run's steps, as the run says when it begins."""
    with running.instance() as instance:
        for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            message = entry.message + (entry.dagster_event.message or "" if entry.dagster_event else "")
            if "Executing steps" in message and (found := PID.search(message)):
                return int(found[1])
    return None


def record(measured: Mapping[Size, Sequence[Measured]], facts: dict[str, object]) -> Record:
    """The figures: medians of all rounds, and slopes of the medians."""
    figures: dict[str, float] = {}
    for size, runs in measured.items():
        walls = spread([round(each.seconds, 2) for each in runs])
        figures |= {f"{size.name}: {word} of wall s": value for word, value in walls.items()}
        figures[f"{size.name}: own s"] = round(median(each.own for each in runs), 2)
        figures[f"{size.name}: peak MB"] = round(median(each.kilobytes for each in runs) / 1024, 1)
    sizes = sorted(measured, key=lambda size: size.functions)
    own = {size: median(each.own for each in runs) * 1000 for size, runs in measured.items()}
    wall = {size: median(each.seconds for each in runs) * 1000 for size, runs in measured.items()}
    memory = {size: float(median(each.kilobytes for each in runs)) for size, runs in measured.items()}
    ends = (sizes[0], sizes[-1])
    figures |= {OWN: slope(own, ends), WALL: slope(wall, ends), MEMORY: slope(memory, ends)}
    figures |= {TIME_GROWTH: beyond_line(own, sizes), MEMORY_GROWTH: beyond_line(memory, sizes)}
    return Record("scale", figures, TARGETS, {"machine": facts, "measured": HELP})


def slope(values: Mapping[Size, float], ends: tuple[Size, Size]) -> float:
    """By how much a value grows for each function, between two sizes."""
    small, large = ends
    return round((values[large] - values[small]) / (large.functions - small.functions), 2)


def beyond_line(values: Mapping[Size, float], sizes: Sequence[Size]) -> float:
    """The value of the largest size, over what the line through the two smallest leads to."""
    small, middle, large = sizes[0], sizes[1], sizes[-1]
    line = values[small] + slope(values, (small, middle)) * (large.functions - small.functions)
    return round(values[large] / line, 2)


if __name__ == "__main__":
    main()
