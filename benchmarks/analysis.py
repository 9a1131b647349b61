"""Measures the judge: how often which verdict comes at which traffic, beside the plain thresholds.

Run it with `make bench-analysis`. It simulates, so it needs nothing else, and a busy machine only makes it slower.
"""

import sys
from concurrent.futures import ProcessPoolExecutor

import click

from benchmarks.record import Record, machine, table
from benchmarks.rollouts import Case, by_thresholds, shares
from deploy_pipeline.core.analysis.bake import Action

LEVELS = (20, 60, 200, 600, 6000)
STABLE = (0.005, 0.001)
CANDIDATE = (0.005, 0.02, 0.05)
RUNS = 1000
SAME = "same versions rolled back, most of all levels"
PROMOTED = "5 % promoted, most of all levels"
FOUND = "2 % not found at 600/min"
Shares = dict[Action, float]


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="Simulated rollouts of each case.")
def main(runs: int) -> None:
    """Simulate, print, write results/analysis.json. Exit code 1 when a target is missed."""
    cases = [
        Case(level, rate, stable) for level in LEVELS for stable in STABLE for rate in sorted({stable, *CANDIDATE})
    ]
    with ProcessPoolExecutor() as pool:
        ours = dict(zip(cases, pool.map(shares, cases, [runs] * len(cases)), strict=True))
        plain = dict(zip(cases, pool.map(thresholds, cases, [runs] * len(cases)), strict=True))
    header = ("requests/min", "stable", "candidate", "promoted", "rolled back", "undecided", "plain: promoted")
    table(header, (row(case, ours[case], plain[case]) for case in cases))
    found = record(ours, runs)
    found.show()
    click.echo(f"written to {found.write()}")
    sys.exit(1 if found.missed else 0)


def thresholds(case: Case, runs: int) -> Shares:
    """The plain rule on the same rollouts."""
    return shares(case, runs, by_thresholds)


def row(case: Case, ours: Shares, plain: Shares) -> tuple[str, ...]:
    """One case as text."""
    mine = (ours.get(action, 0.0) for action in ("promote", "roll_back", "hold"))
    numbers = (f"{share:.1%}" for share in (*mine, plain.get("promote", 0.0)))
    return (str(case.per_minute), f"{case.stable:.1%}", f"{case.candidate:.1%}", *numbers)


def record(ours: dict[Case, Shares], runs: int) -> Record:
    """The figures that have targets, and every share."""
    figures = {
        SAME: max(each.get("roll_back", 0.0) for case, each in ours.items() if case.candidate == case.stable),
        PROMOTED: max(each.get("promote", 0.0) for case, each in ours.items() if case.candidate == CANDIDATE[-1]),
        FOUND: max(
            1 - each.get("roll_back", 0.0)
            for case, each in ours.items()
            if (case.per_minute, case.candidate) == (600, CANDIDATE[1])
        ),
    }
    for case, each in ours.items():
        for action, share in sorted(each.items()):
            figures[f"{case.per_minute}/min, {case.candidate:.1%} beside {case.stable:.1%}: {action}"] = share
    return Record("analysis", figures, {SAME: 0.02, PROMOTED: 0.0, FOUND: 0.01}, {"machine": machine(), "runs": runs})


if __name__ == "__main__":
    main()
