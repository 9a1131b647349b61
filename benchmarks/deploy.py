"""Measures deployments against the same commands by hand, and exits with 1 when a target is missed.

Run it with `make bench-deploy` while nothing else runs: it is a benchmark, not a test. It needs the Docker engine and
Terraform, and makes a sandbox of its own.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from benchmarks.deploy_by_hand import HandDeployment, hand_of, start_seconds
from benchmarks.deploy_scene import (
    CLEAN,
    DOCUMENTATION,
    EVERYTHING,
    FUNCTION,
    IMAGE,
    WARM,
    Scene,
    changed_targets,
    deploy_config,
    fresh_scene,
    live_targets,
    pipeline,
)
from benchmarks.engine_commands import PINNED
from benchmarks.job_run import Step, steps_of
from benchmarks.record import Record, machine, spread, table
from deploy_pipeline.core.errors import DeployError

HOME = Path(__file__).parent / ".sandbox-deploy"
"""Kept: the tools that every sandbox needs are in it, or named after it."""
ROUNDS = 5
MOST = {CLEAN: 0.6, EVERYTHING: 0.6, FUNCTION: 0.25, IMAGE: 0.5, DOCUMENTATION: 0.05}
RATIO = "{}: pipeline / by hand"
HELP = (
    "pipeline: from the launch by GraphQL to the end of the run, with the service warm; sensors stopped",
    "by hand: benchmarks/by_hand_deploy/deploy_main.sh, from its start to its end; it does everything every time",
    "clean caches: empty AWS account, no image layers, work folders or scan results; both sides start so in each round",
    "all others: on what the deployment before has left, caches and account; both sides from the same commits' files",
    "neither side: making the sandbox and the base image, installing tools, starting Dagster; there is no canary",
    "without the AWS CLI's starts: the seconds by hand less the calls of `aws` times what one start costs",
)


@dataclass(frozen=True)
class OurDeployment:
    """The seconds of a run, and its steps."""

    seconds: float
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Round:
    """Scenario -> what each side took."""

    ours: Mapping[str, OurDeployment]
    by_hand: Mapping[str, HandDeployment]


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often each side deploys each scenario.")
def main(rounds: int) -> None:
    """Measure, print, write results/deploy.json. Exit code 1 when a target is missed."""
    facts, measured = machine(), []
    starting = start_seconds()
    for number in range(1, rounds + 1):
        with fresh_scene(HOME) as scene:
            facts["versions"] = {**scene.versions, "awscli": PINNED["awscli"][0]}
            ours = deploy_ours(scene, f"pipeline, round {number}")
        with fresh_scene(HOME) as scene:
            measured.append(Round(ours, deploy_by_hand(scene, f"by hand, round {number}")))
    found = record(measured, starting, facts)
    show(measured[-1])
    for line in HELP:
        click.echo(line)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def deploy_ours(scene: Scene, note: str) -> dict[str, OurDeployment]:
    """Every scenario with the pipeline, the first one from clean caches."""
    done = {}
    with pipeline(scene) as running:
        for scenario in (CLEAN, *WARM):
            before = live_targets()
            launched = running.run("deploy_job", deploy_config(scene.commit(scenario, note)))
            with running.instance() as instance:
                steps = steps_of(instance, launched.run_id, launched.began)
            done[scenario] = OurDeployment(launched.seconds, steps)
            replaced_exactly(scenario, before, live_targets())
            click.echo(f"{note}: {scenario}: {launched.seconds:.1f} s")
    return done


def replaced_exactly(scenario: str, before: Mapping[str, str | None], after: Mapping[str, str | None]) -> None:
    """Raise DeployError where the pipeline skipped what had changed, or did what had not: no time counts then."""
    replaced = {name for name, version in after.items() if version != before.get(name)}
    if replaced != changed_targets(scenario):
        raise DeployError(f"replaced {sorted(replaced)}, not {sorted(changed_targets(scenario))}", where=scenario)


def deploy_by_hand(scene: Scene, note: str) -> dict[str, HandDeployment]:
    """Every scenario with the script, the first one from clean caches."""
    hand = hand_of(scene.home, scene.home.resolve() / "by-hand")
    done = {}
    for scenario in (CLEAN, *WARM):
        done[scenario] = hand.deploy(scene.commit(scenario, note))
        click.echo(f"{note}: {scenario}: {done[scenario].seconds:.1f} s, {done[scenario].calls} calls of aws")
    return done


def record(rounds: Sequence[Round], starting: float, facts: dict[str, object]) -> Record:
    """The figures: medians of all rounds, and the ratios of the medians."""
    figures: dict[str, float] = {"s of one start of the AWS CLI": round(starting, 2)}
    for scenario in MOST:
        ours = [round(each.ours[scenario].seconds, 2) for each in rounds]
        by_hand = [round(each.by_hand[scenario].seconds, 2) for each in rounds]
        bare = [each.by_hand[scenario].seconds - each.by_hand[scenario].calls * starting for each in rounds]
        figures |= {f"{scenario}: pipeline, {word} of s": value for word, value in spread(ours).items()}
        figures |= {f"{scenario}: by hand, {word} of s": value for word, value in spread(by_hand).items()}
        figures[RATIO.format(scenario)] = round(median(ours) / median(by_hand), 3)
        figures[f"{scenario}: the same without the AWS CLI's starts"] = round(median(ours) / median(bare), 3)
    targets = {RATIO.format(scenario): most for scenario, most in MOST.items()}
    return Record("deploy", figures, targets, {"machine": facts, "measured": HELP, **details(rounds[-1])})


def details(last: Round) -> dict[str, object]:
    """The steps and the stages of the last round, in seconds."""
    steps = {
        scenario: {step.name: [round(step.begin, 2), round(step.end, 2)] for step in one.steps}
        for scenario, one in last.ours.items()
    }
    stages = {
        scenario: {name: round(value, 2) for name, value in one.stages.items()}
        for scenario, one in last.by_hand.items()
    }
    return {"steps": steps, "stages by hand": stages}


def show(last: Round) -> None:
    """The last round in detail: the steps of each run, and the stages by hand."""
    for scenario, one in last.ours.items():
        steps = ((step.name, f"{step.begin:.1f}", f"{step.end:.1f}") for step in one.steps)
        table((f"{scenario}: step", "begin", "end"), steps)
    names = list(last.by_hand[CLEAN].stages)
    rows = ((name, *(f"{one.stages[name]:.1f}" for one in last.by_hand.values())) for name in names)
    table(("stage by hand", *last.by_hand), rows)


if __name__ == "__main__":
    main()
