"""Measures the memory of the idle service and of one run, and exits with 1 above the target.

Run it with `make bench-memory` while nothing else runs: it is a benchmark, not a test.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.record import Record, machine, table
from deploy_pipeline.cli.dagster_api import DagsterApi
from deploy_pipeline.cli.dagster_processes import DagsterProcesses, free_port, inherited, start_dagster
from deploy_pipeline.core.errors import DeployError

PROJECT = Path(__file__).parents[1]
PACKAGE = "deploy_pipeline"
TARGET = "idle service + one run (MB)"
MOST = 500.0
ROUNDS = 5
READY_SECONDS = 90.0
SETTLED_SECONDS = 10.0
KB = 1024
WORKSPACE = "load_from: [{python_module: {module_name: deploy_pipeline.definitions, location_name: deploy_pipeline}}]\n"
NOWHERE = "http://127.0.0.1:9"
"""Nothing listens there: no sensor starts a run while it is measured."""
LAUNCH = """mutation($job: JobOrPipelineSelector!, $config: RunConfigData!) {
  launchRun(executionParams: {selector: $job, runConfigData: $config}) {
    __typename ... on LaunchRunSuccess { run { runId } } } }"""
HELP = (
    "MB of proportional set size (PSS): a page that processes share counts in equal parts in each of them",
    "the run: pr_validation_job with the package as it is deployed, from its start until GitHub does not answer",
    "programs that a run starts (Docker's builds, Terraform, Trivy) are not in it: they are not the pipeline's",
)


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How many runs are measured.")
def main(rounds: int) -> None:
    """Measure, print, write results/memory.json. Exit code 1 when the target is missed."""
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as folder:
        idle, runs = measured(Path(folder), rounds)
    show(idle)
    for line in HELP:
        click.echo(line)
    found = record(idle, runs, facts)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def measured(folder: Path, rounds: int) -> tuple[dict[str, float], list[dict[str, float]]]:
    """The service at rest, and at its most during each of some runs."""
    for name in ("dagster.yaml", "deploy.yaml"):
        shutil.copyfile(PROJECT / name, folder / name)
    (folder / "workspace.yaml").write_text(WORKSPACE)
    shutil.copytree(PROJECT / PACKAGE, folder / PACKAGE)  # found first: nobody changes it while it is measured
    variables = {"GITHUB_API_URL": NOWHERE, "GITHUB_TOKEN": "none", "DEPLOY_PIPELINE_WORK": str(folder / "work")}
    base = {name: value for name, value in inherited(os.environ).items() if not name.startswith(("AWS_", "GITHUB_"))}
    service = start_dagster(folder, folder / "home", free_port(0), variables, base=base)
    try:
        wait_ready(DagsterApi(service.url))
        time.sleep(SETTLED_SECONDS)
        return sizes(service), [during_run(service) for _ in range(rounds)]
    finally:
        service.stop()


def wait_ready(api: DagsterApi) -> None:
    """Wait until the web server knows the jobs."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            launch(api, "no_such_job")
        except DeployError as error:
            if time.monotonic() > deadline:
                raise
            if "no_such_job" in str(error):
                return
        time.sleep(0.5)


def launch(api: DagsterApi, job: str) -> str:
    """Start a run; its id."""
    selector = {"repositoryName": "__repository__", "repositoryLocationName": "deploy_pipeline", "jobName": job}
    config = {"ops": {"resolve_pull_request": {"config": {"pull_request": 1, "head": "0" * 40, "authorised": True}}}}
    answer: dict[str, Any] = api.ask(LAUNCH, job=selector, config=config)["launchRun"]
    if "run" not in answer:
        raise DeployError(f"{answer['__typename']} for {job}", where="GraphQL", retryable=True)
    return str(answer["run"]["runId"])


def during_run(service: DagsterProcesses) -> dict[str, float]:
    """The sizes at the moment at which they are most, while a run goes."""
    api = DagsterApi(service.url)
    run_id, most = launch(api, "pr_validation_job"), dict[str, float]()
    deadline = time.monotonic() + READY_SECONDS
    while api.status(run_id) not in {"SUCCESS", "FAILURE", "CANCELED"}:
        if time.monotonic() > deadline:
            raise DeployError("the run does not end", where=run_id)
        now = sizes(service)
        if "run-worker" in now and sum(now.values()) > sum(most.values()):
            most = now
    if not most:
        raise DeployError("the run did not start warm, or was not seen", where=run_id)
    return most


def sizes(service: DagsterProcesses) -> dict[str, float]:
    """MB by process."""
    found: dict[str, float] = {}
    for member in service.family.alive():
        try:
            name = Path(f"/proc/{member.pid}/comm").read_text().strip()
            rollup = Path(f"/proc/{member.pid}/smaps_rollup").read_text()
        except OSError:  # it has ended meanwhile
            continue
        label = named(service, member.pid, name)
        found[label] = found.get(label, 0.0) + kilobytes(rollup) / KB
    return found


def named(service: DagsterProcesses, pid: int, name: str) -> str:
    """What a process is, in the words of the documentation."""
    own = {child.pid: word for word, child in zip(("web server", "daemon"), service.children, strict=True)}
    if service.warm is not None:
        own[service.warm.process.pid] = "warm server"
    return own.get(pid, name)


def kilobytes(rollup: str) -> float:
    """The PSS of a process."""
    return float(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")))


def record(idle: Mapping[str, float], runs: list[dict[str, float]], facts: Mapping[str, Any]) -> Record:
    """The figures, and what they have to be."""
    total = median(sum(run.values()) for run in runs)
    workers = median(run["run-worker"] for run in runs)
    figures = {TARGET: total, "idle service (MB)": sum(idle.values()), "one run's worker (MB)": workers}
    processes = {name: round(size, 1) for name, size in idle.items()}
    details = {"machine": dict(facts), "idle": processes, "runs": json.loads(json.dumps(runs))}
    return Record("memory", {name: round(value, 1) for name, value in figures.items()}, {TARGET: MOST}, details)


def show(idle: Mapping[str, float]) -> None:
    """The processes of the idle service."""
    table(("process", "PSS (MB)"), [(name, f"{size:.1f}") for name, size in sorted(idle.items())])


if __name__ == "__main__":
    main()
