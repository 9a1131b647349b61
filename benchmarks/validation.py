"""Measures a validation of a pull request against the same commands by hand, and exits with 1 above the target.

Run it with `make bench-validation` while nothing else runs: it is a benchmark, not a test.
"""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from benchmarks.by_hand import ByHand, run_by_hand
from benchmarks.job_run import JobRun, validate
from benchmarks.record import Record, machine, spread, table
from benchmarks.scene import Scene, scene
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError

HOME = Path(__file__).parent / ".sandbox"
"""Kept: the tools and the environment of the boxes are in it, or named after it."""
MOST = 0.7
TARGET = "job / plain processes"
ROUNDS = 3
SHOWN = 70
HELP = (
    "job: from its launch on the running service to its end: Dagster, the queue, GitHub, git, boxes, answers",
    "plain processes: the job's tools, versions and arguments, one after another on this machine, and nothing but them",
    "same boxes: the same, each in its container, with the start and the removal of the container",
    "both sides: the coverage of the merge base is known; scanners that compare run on head and merge base",
    "neither side: image builds (switched off), installing tools and dependencies (cached)",
    "job only: deploy.yaml and the cost of the plan, which no separate program checks, count nothing by hand",
)


@dataclass(frozen=True)
class Round:
    """One head, validated in all three ways."""

    job: JobRun
    processes: ByHand
    boxes: ByHand


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often each side is measured.")
def main(rounds: int) -> None:
    """Measure, print, write results/validation.json. Exit code 1 when a target is missed."""
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="bench-validation-") as folder, scene(HOME) as prepared:
        both(prepared, Path(folder), "warm-up")  # the job warms the boxes
        facts["versions"] = dict(prepared.versions)
        measured = [once(prepared, Path(folder), f"round {number}") for number in range(1, rounds + 1)]
    found = record(measured, facts)
    show(measured[-1])
    for line in HELP:
        click.echo(line)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def once(prepared: Scene, folder: Path, name: str) -> Round:
    """Push a new head and validate it in all three ways."""
    subject, job, processes = both(prepared, folder, name)
    boxes = checked(run_by_hand(subject, prepared.bench(subject, "container")), "container")
    same_states(job, boxes)
    if commands(processes) != commands(boxes):
        raise DeployError(f"not the same commands: {commands(processes)} and {commands(boxes)}", where=name)
    click.echo(f"{name}: the same boxes {boxes.box_seconds:.1f} s")
    return Round(job, processes, boxes)


def both(prepared: Scene, folder: Path, name: str) -> tuple[Subject, JobRun, ByHand]:
    """Push a new head, validate it with the job and then by hand, without boxes."""
    head = prepared.push(name)
    job = validate(prepared.service, prepared.number, head)
    subject = prepared.subject(head, folder / "by-hand")
    processes = checked(run_by_hand(subject, prepared.bench(subject, "process")), "process")
    same_states(job, processes)
    click.echo(f"{name}: job {job.seconds:.1f} s, plain processes {processes.seconds:.1f} s")
    return subject, job, processes


def checked(done: ByHand, isolation: str) -> ByHand:
    """Say what failed, and raise DeployError where a check could not run: its time would mean nothing."""
    for name, state in done.states.items():
        if state.startswith(("failed", "broken")):
            click.echo(f"{name} in a {isolation}: {state}"[:300])
    if any(state.startswith("broken") for state in done.states.values()):
        raise DeployError("a check could not run", where=f"checks by hand ({isolation})")
    return done


def same_states(job: JobRun, done: ByHand) -> None:
    """Raise DeployError where a check ended otherwise in the job: it has not done the same work there."""
    words = {name: state.partition(":")[0] for name, state in done.states.items()}
    other = [
        f"{name}: {job.states.get(name)} in the job, {word} by hand"
        for name, word in words.items()
        if job.states.get(name) != word
    ]
    if other:
        raise DeployError("\n".join(other), where="checks")


def commands(done: ByHand) -> list[tuple[str, str, int]]:
    """What was run, without the paths: they differ from box to box."""
    return [(command.box, Path(command.argv[0]).name, len(command.argv)) for command in done.commands]


def record(rounds: list[Round], facts: dict[str, object]) -> Record:
    """The figures: medians of all rounds, and the ratio of the medians."""
    sides = {
        "job": [round(each.job.seconds, 2) for each in rounds],
        "plain processes": [round(each.processes.seconds, 2) for each in rounds],
        "same boxes": [round(each.boxes.box_seconds, 2) for each in rounds],
    }
    figures = {
        f"{side}, {word} of seconds": value for side, runs in sides.items() for word, value in spread(runs).items()
    }
    figures[TARGET] = round(median(sides["job"]) / median(sides["plain processes"]), 3)
    figures["job / same boxes"] = round(median(sides["job"]) / median(sides["same boxes"]), 3)
    used = median(each.processes.cpu_seconds for each in rounds)
    figures["plain processes, CPU seconds"] = round(used, 2)
    cores = len(os.sched_getaffinity(0))
    figures[f"least possible ratio on {cores} cores"] = round(used / cores / median(sides["plain processes"]), 3)
    last = rounds[-1]
    details = {
        "machine": facts,
        "measured": HELP,
        "seconds": sides,
        "steps": {step.name: [round(step.begin, 2), round(step.end, 2)] for step in last.job.steps},
        "commands": [
            {"box": one.box, "argv": list(one.argv), "plain": round(one.seconds, 2), "boxed": round(other.seconds, 2)}
            for one, other in zip(last.processes.commands, last.boxes.commands, strict=True)
        ],
        "states": dict(last.processes.states),
    }
    return Record("validation", figures, {TARGET: MOST}, details)


def show(last: Round) -> None:
    """The last round in detail: the steps of the job, and the commands by hand."""
    steps = (
        (step.name, f"{step.begin:.1f}", f"{step.end:.1f}", f"{step.end - step.begin:.1f}") for step in last.job.steps
    )
    table(("step of the job", "begin", "end", "seconds"), steps)
    pairs = zip(last.processes.commands, last.boxes.commands, strict=True)
    rows = (
        (
            one.box,
            f"{one.seconds:.2f}",
            f"{other.seconds:.2f}",
            " ".join([Path(one.argv[0]).name, *one.argv[1:]])[:SHOWN],
        )
        for one, other in pairs
    )
    table(("command of", "plain", "boxed", "command"), rows)


if __name__ == "__main__":
    main()
