"""Measures how soon a merge is deployed: from the moment GitHub shows it to the begin of the deployment's first op.

Once by polling, with the sensor as it is, and once launched over GraphQL as soon as the merge is there, as whoever gets
a webhook would. The merged commits carry no deploy.yaml, so each deployment ends in its first op. Run it with
`make bench-latency` while nothing else runs: it is a benchmark, not a test.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import yaml

from benchmarks.record import Record, machine, spread, table
from deploy_pipeline.cli.dagster_api import DagsterApi
from deploy_pipeline.cli.dagster_processes import free_port, start_dagster
from deploy_pipeline.cli.demo_commands import SEEN_SECONDS, run_of, wait_for, watching
from deploy_pipeline.cli.follow import ENDED
from deploy_pipeline.cli.pull_request import Developer
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.layout import Layout

PROJECT = Path(__file__).parents[1]
READY_SECONDS = 120.0
ROUNDS = 5
LONGEST_PAUSE_SECONDS = 10.0
GRAPHQL, POLLING = "GraphQL launch", "polling"
TARGETS = {GRAPHQL: 1.0, POLLING: 3.0}
FIRST_OP = "first op runs"
STAGES = {"PIPELINE_STARTING": "out of the queue", "PIPELINE_START": "worker runs", "STEP_START": FIRST_OP}
SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "deploy_pipeline"}
LAUNCH = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
SENSOR = "query($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { ... on Sensor { id } } }"
STOP = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"
CREATED = "query($run: ID!) { runOrError(runId: $run) { ... on Run { creationTime } } }"
HELP = (
    "from: the double's answer to the merge; to: the event STEP_START of the run's first op",
    "the first merge of each way is a warm-up; before each other one up to ten seconds pass, so that the merges meet "
    "the sensor's ticks anywhere",
)


@dataclass(frozen=True)
class Reaction:
    """What followed a merge, in seconds from it: `stages` are by name, in order."""

    stages: dict[str, float]

    @property
    def seconds(self) -> float:
        """Until the first op ran."""
        return self.stages[FIRST_OP]


@dataclass(frozen=True)
class Scene:
    """The running pipeline, and the developer who merges."""

    api: DagsterApi
    developer: Developer

    def merge(self, name: str) -> tuple[str, float]:
        """Merge a commit that cannot be deployed; its SHA and when GitHub had it (Unix seconds)."""
        changes = {"deploy.yaml": None, "MEASURED": f"{name}\n".encode()}
        branch = name.lower().replace(" ", "-")
        number = self.developer.propose(branch, "main", changes, f"Measure {name}")
        return self.developer.merge(number), time.time()

    def launch(self, sha: str) -> str:
        """Launch the deployment of a commit, as a person or a webhook does; the run's id."""
        parameters = {
            "selector": {**SELECTOR, "jobName": "deploy_job"},
            "runConfigData": {"ops": {"resolve_candidate": {"config": {"commit": sha}}}},
        }
        answer = self.api.ask(LAUNCH, parameters=parameters)["launchRun"]
        return str(answer["run"]["runId"])

    def seen(self, sha: str) -> str:
        """The run that the sensor starts for a commit, once it is there."""
        return wait_for(lambda: run_of(self.api, sha), SEEN_SECONDS, f"no run for {sha}")

    def stop_sensor(self) -> None:
        """From now on only GraphQL starts deployments."""
        found = self.api.ask(SENSOR, sensor={**SELECTOR, "sensorName": "merge_sensor"})["sensorOrError"]
        self.api.ask(STOP, id=found["id"])
        time.sleep(LONGEST_PAUSE_SECONDS)  # until its last tick is over

    def reaction(self, run_id: str, merged: float) -> Reaction:
        """What followed the merge, once the run has ended."""
        wait_for(lambda: self.api.status(run_id) in ENDED or None, SEEN_SECONDS, f"{run_id} did not end")
        created = float(self.api.ask(CREATED, run=run_id)["runOrError"]["creationTime"])
        events, _ = self.api.events(run_id, None)
        stages = {"run is made": created - merged}
        for event in events:
            if (stage := STAGES.get(event.kind.replace("RUN_", "PIPELINE_"))) and stage not in stages:
                stages[stage] = event.seconds - merged
        if FIRST_OP not in stages:
            raise DeployError(
                f"ended without any op: {[event.message for event in events][-1:]}", where=f"run {run_id}"
            )
        return Reaction({name: round(seconds, 3) for name, seconds in stages.items()})


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often each way is measured.")
def main(rounds: int) -> None:
    """Measure, print, write results/latency.json. Exit code 1 when a target is missed."""
    facts = machine() | {"run_launcher": launcher()}
    with tempfile.TemporaryDirectory(prefix="bench-latency-") as folder, scene(Path(folder) / "sandbox") as prepared:
        polling = measured(prepared, POLLING, prepared.seen, rounds)
        prepared.stop_sensor()
        graphql = measured(prepared, GRAPHQL, prepared.launch, rounds)
    found = record({GRAPHQL: graphql, POLLING: polling}, facts)
    for line in HELP:
        click.echo(line)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def launcher() -> str:
    """What starts the run workers."""
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    return str(settings.get("run_launcher", {}).get("class", "DefaultRunLauncher"))


@contextmanager
def scene(home: Path) -> Iterator[Scene]:
    """The sandbox and Dagster in `home`, with a sensor that watches; all of it stopped in the end."""
    state = sandbox.up(home, PROJECT, click.echo)
    before = dict(os.environ)
    try:
        os.environ.update(state.env)
        dagster = start_dagster(PROJECT, home / "dagster", free_port(0), state.env)
        try:
            api = DagsterApi(dagster.url)
            wait_for(lambda: watching(api, dagster), READY_SECONDS, "the merge sensor did not begin to watch")
            name = load_spec((PROJECT / "deploy.yaml").read_bytes(), "deploy.yaml").repository.name
            repository = repository_path(Layout(home).doubles, name)
            yield Scene(api, Developer(state.env["GITHUB_API_URL"], state.env["GITHUB_TOKEN"], name, repository))
        finally:
            dagster.stop()
    finally:
        os.environ.clear()
        os.environ.update(before)
        sandbox.down(home, click.echo)


def measured(prepared: Scene, way: str, run_for: Callable[[str], str], rounds: int) -> list[Reaction]:
    """Merge, and see what follows; the first time is not counted."""
    pauses = random.Random(way)  # noqa: S311 - the same pauses each time, which no secret depends on
    found = []
    for number in range(rounds + 1):
        sha, merged = prepared.merge(f"{way} {number}")
        found.append(prepared.reaction(run_for(sha), merged))
        click.echo(f"{way} {number}: {found[-1].stages}")
        time.sleep(pauses.uniform(0, LONGEST_PAUSE_SECONDS))
    return found[1:]


def record(ways: dict[str, list[Reaction]], facts: dict[str, object]) -> Record:
    """The figures: the median of each way is held against its target."""
    figures: dict[str, float] = {}
    for way, reactions in ways.items():
        own = spread([reaction.seconds for reaction in reactions])
        figures |= {way: own["median"], f"{way}, least": own["least"], f"{way}, most": own["most"]}
    for way, reactions in ways.items():
        show(way, reactions)
    details = {
        "machine": facts,
        "measured": HELP,
        "stages": {way: [reaction.stages for reaction in reactions] for way, reactions in ways.items()},
    }
    return Record("latency", figures, TARGETS, details)


def show(way: str, reactions: Sequence[Reaction]) -> None:
    """The median of each stage of one way."""
    rows = [(name, f"{median(reaction.stages[name] for reaction in reactions):.2f}") for name in reactions[-1].stages]
    table((f"{way}: from the merge until", "seconds (median)"), rows)


if __name__ == "__main__":
    main()
