"""Measures deployments against the same commands by hand, and exits with 1 when a target is missed.

Run it with `make bench-deploy` while nothing else runs: it is a benchmark, not a test. It needs the Docker engine and
Terraform, and makes a sandbox of its own.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from benchmarks.deploy_by_hand import HandDeployment, hand_of, start_seconds
from benchmarks.deploy_scene import (
    CLEAN,
    DOCUMENTATION,
    EVERYTHING,
    FIRST,
    FUNCTION,
    IMAGE,
    REPEATED,
    Scene,
    changed_targets,
    deploy_config,
    forget_caches,
    fresh_scene,
    live_targets,
    pipeline,
)
from benchmarks.engine_commands import PINNED
from benchmarks.job_run import Step, steps_of
from benchmarks.record import Record, machine, spread, table
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.run_time import account_of
from deploy_pipeline.gateways.run_log import run_facts

HOME = Path(__file__).parent / ".sandbox-deploy"
"""Kept: the tools that every sandbox needs are in it, or named after it."""
ROUNDS = 5
TARGETS = {CLEAN: 0.6, EVERYTHING: 0.6, FUNCTION: 0.25, IMAGE: 0.5, DOCUMENTATION: 0.05}
RATIO = "{}: pipeline / by hand"
HELP = (
    "pipeline: from the launch by GraphQL to the end of the run, with the service warm; sensors stopped",
    "pipeline: without the looks at a new colour that is up, before it gets users (some 3 s): by hand nobody looks",
    "by hand: benchmarks/by_hand_deploy/deploy_main.sh, from its start to its end; it does everything every time",
    "first deployment: into an empty AWS account; without a target, both sides wait a minute for one load balancer",
    "clean caches: no image layers, work folders, providers or scan results, in an account that has a release",
    "all others: on what the deployment before has left, caches and account; both sides from the same commits' files",
    "neither side: making the sandbox and the base image, installing tools, starting Dagster; nobody watches traffic",
    "without the AWS CLI's starts: the seconds by hand less the calls of `aws` times what one start costs",
)


@dataclass(frozen=True)
class OurDeployment:
    """The seconds of a run without those in which a service that was up was only watched, which are `watched`."""

    seconds: float
    steps: tuple[Step, ...]
    watched: float


Ours = dict[str, list[OurDeployment]]
ByHand = dict[str, list[HandDeployment]]
"""Scenario -> what each of its deployments took."""


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often each side deploys each scenario.")
@click.option(
    "--scenario", "chosen", multiple=True, type=click.Choice(REPEATED), default=REPEATED,
    help="Only this one, into results/deploy-again.json; may be given more than once.",
)  # fmt: skip
def main(rounds: int, chosen: tuple[str, ...]) -> None:
    """Measure, print, write results/deploy.json. Exit code 1 when a target is missed."""
    facts, starting = machine(), start_seconds()
    with fresh_scene(HOME) as scene:
        facts["versions"] = {**scene.versions, "awscli": PINNED["awscli"][0]}
        ours = deploy_ours(scene, rounds, chosen)
    with fresh_scene(HOME) as scene:
        by_hand = deploy_by_hand(scene, rounds, chosen)
    name = "deploy" if chosen == REPEATED else "deploy-again"
    found = record(name, ours, by_hand, starting, facts)
    show(ours, by_hand)
    for line in HELP:
        click.echo(line)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def deploy_ours(scene: Scene, rounds: int, chosen: tuple[str, ...]) -> Ours:
    """The first deployment, then each scenario with the pipeline, in each round the first from clean caches."""
    done: Ours = defaultdict(list)
    with pipeline(scene.home) as running:
        for scenario, note in commits(scene, rounds, chosen):
            before = live_targets()
            launched = running.run("deploy_job", deploy_config(scene.commit(scenario, f"pipeline, {note}")))
            with running.instance() as instance:
                steps = steps_of(instance, launched.run_id, launched.began)
                watched = account_of(run_facts(instance, launched.run_id)).spent.get("bake", 0.0)
            done[scenario].append(OurDeployment(launched.seconds - watched, steps, watched))
            replaced_exactly(scenario, before, live_targets())
            click.echo(f"pipeline, {note}: {scenario}: {launched.seconds - watched:.1f} s, watched {watched:.1f} s")
    return done


def commits(scene: Scene, rounds: int, chosen: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each scenario to be deployed, with a note for its commit; the caches are emptied before those that want it."""
    yield FIRST, "before all rounds"
    for number in range(1, rounds + 1):
        if CLEAN in chosen:
            forget_caches(scene.home)
        for scenario in (each for each in REPEATED if each in chosen):
            yield scenario, f"round {number}"


def replaced_exactly(scenario: str, before: Mapping[str, str | None], after: Mapping[str, str | None]) -> None:
    """Raise DeployError where the pipeline skipped what had changed, or did what had not: no time counts then."""
    replaced = {name for name, version in after.items() if version != before.get(name)}
    if replaced != changed_targets(scenario):
        raise DeployError(f"replaced {sorted(replaced)}, not {sorted(changed_targets(scenario))}", where=scenario)


def deploy_by_hand(scene: Scene, rounds: int, chosen: tuple[str, ...]) -> ByHand:
    """The first deployment, then each scenario with the script, in each round the first from clean caches."""
    done: ByHand = defaultdict(list)
    for scenario, note in commits(scene, rounds, chosen):
        hand = hand_of(scene.home, scene.home.resolve() / "by-hand")
        deployed = hand.deploy(scene.commit(scenario, f"by hand, {note}"))
        done[scenario].append(deployed)
        click.echo(f"by hand, {note}: {scenario}: {deployed.seconds:.1f} s, {deployed.calls} calls of aws")
    return done


def record(name: str, ours: Ours, by_hand: ByHand, starting: float, facts: dict[str, object]) -> Record:
    """The figures: medians of all rounds, and the ratios of the medians."""
    figures: dict[str, float] = {"s of one start of the AWS CLI": round(starting, 2)}
    for scenario in ours:
        us = [round(each.seconds, 2) for each in ours[scenario]]
        hand = [round(each.seconds, 2) for each in by_hand[scenario]]
        bare = [each.seconds - each.calls * starting for each in by_hand[scenario]]
        figures |= {f"{scenario}: pipeline, {word} of s": value for word, value in spread(us).items()}
        figures |= {f"{scenario}: by hand, {word} of s": value for word, value in spread(hand).items()}
        figures[RATIO.format(scenario)] = round(median(us) / median(hand), 3)
        figures[f"{scenario}: the same without the AWS CLI's starts"] = round(median(us) / median(bare), 3)
    targets = {RATIO.format(scenario): most for scenario, most in TARGETS.items() if scenario in ours}
    return Record(name, figures, targets, {"machine": facts, "measured": HELP, **details(ours, by_hand)})


def details(ours: Ours, by_hand: ByHand) -> dict[str, object]:
    """The steps and the stages of the last round, in seconds."""
    steps = {
        scenario: {step.name: [round(step.begin, 2), round(step.end, 2)] for step in each[-1].steps}
        for scenario, each in ours.items()
    }
    stages = {
        scenario: {name: round(value, 2) for name, value in each[-1].stages.items()}
        for scenario, each in by_hand.items()
    }
    return {"steps": steps, "stages by hand": stages}


def show(ours: Ours, by_hand: ByHand) -> None:
    """The last round in detail: the steps of each run, and the stages by hand."""
    for scenario, each in ours.items():
        steps = ((step.name, f"{step.begin:.1f}", f"{step.end:.1f}") for step in each[-1].steps)
        table((f"{scenario}: step", "begin", "end"), steps)
    last = {scenario: each[-1].stages for scenario, each in by_hand.items()}
    rows = ((name, *(f"{stages[name]:.1f}" for stages in last.values())) for name in last[FIRST])
    table(("stage by hand", *last), rows)


if __name__ == "__main__":
    main()
