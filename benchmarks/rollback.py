"""Measures how soon an earlier release serves again, and exits with 1 when the target is missed.

Run it with `make bench-rollback` while nothing else runs: it is a benchmark, not a test. It needs the Docker engine and
makes a sandbox of its own.
"""

import sys
import tempfile
from pathlib import Path

import click

from benchmarks.engine_service import Service
from benchmarks.record import Record, machine, spread
from deploy_pipeline.cli.follow import follow
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.chaos.scene import Scene
from deploy_pipeline_tests.chaos.staging import scene_in

ROUNDS = 5
RUN_SECONDS = 300.0
SERVES = "from the trigger until the earlier release serves (s)"
MOST = 10.0
LAST = "record_rollback"
HELP = (
    "the trigger: rollback_job is launched by GraphQL on the running service",
    "two functions and a service of two colours, whose earlier tasks are started again, looked at and tried",
    "the step that ends it records the release; removing the tasks that served, and telling people, comes after",
)


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often a release is rolled back.")
def main(rounds: int) -> None:
    """Measure, print, write results/rollback.json. Exit code 1 when the target is missed."""
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="bench-rollback-") as folder, scene_in(Path(folder)) as scene:
        seconds = [rolled_back(scene, number) for number in range(1, rounds + 1)]
    figures = {f"{SERVES}: {word}": value for word, value in spread(seconds).items()}
    found = Record("rollback", figures, {f"{SERVES}: median": MOST}, {"machine": facts, "measured": HELP})
    for line in HELP:
        click.echo(line)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def rolled_back(scene: Scene, number: int) -> float:
    """Deploy a change of everything, and go back; seconds."""
    run_id = scene.run_of(scene.merge(everything=True))
    if scene.ended(run_id) != "SUCCESS":
        raise DeployError("the deployment did not succeed", where=f"run {run_id}")
    service = Service(scene.api, scene.home / "dagster", "deploy_pipeline", "__repository__")
    done = service.run("rollback_job")
    story = follow(scene.api, done.run_id, lambda line: None, RUN_SECONDS)
    events, _ = scene.api.events(done.run_id, None)
    ended = next(event.seconds for event in events if event.kind == "STEP_SUCCESS" and event.step == LAST)
    seconds = round(ended - done.began, 2)
    click.echo(f"round {number}: {seconds} s ({story.status})")
    return seconds


if __name__ == "__main__":
    main()
