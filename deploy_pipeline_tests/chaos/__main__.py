"""`make chaos`: breaks real deployments, one fault after another, and looks at what is left of the world."""

import random
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from deploy_pipeline.cli.main import interrupted
from deploy_pipeline_tests.chaos.burst import burst
from deploy_pipeline_tests.chaos.faults import Fault
from deploy_pipeline_tests.chaos.hearing import doubled
from deploy_pipeline_tests.chaos.scene import Scene
from deploy_pipeline_tests.chaos.selection import ALL, FAST
from deploy_pipeline_tests.chaos.staging import scene_in
from deploy_pipeline_tests.chaos.survival import survive


@click.command()
@click.option("--seed", type=int, help="Faults in a random order that this number decides, some of them again.")
@click.option("-n", "--number", type=int, help="So many of them; without a seed, the first ones.")
@click.option("--skip", default=0, help="Leave out so many at the beginning, such as those of a run that was stopped.")
@click.option("--fast", is_flag=True, help="Only the faults that the tests have, too.")
@click.option("--only", multiple=True, help="Only faults whose name contains this; may be given more than once.")
@click.option("--burst", "merges", type=int, help="Instead: so many merges in a burst, and the daemon killed.")
@click.option("--kills", default=10, show_default=True, help="How often the daemon is killed during a burst.")
def main(
    seed: int | None, number: int | None, skip: int, fast: bool, only: tuple[str, ...], merges: int | None, kills: int
) -> None:
    """Break one deployment after another. Exit code 1 when the world was not whole after one of them."""
    if merges is not None:
        sys.exit(burst_of(merges, kills, seed or 0))
    wanted = [each for each in (FAST if fast else ALL) if not only or any(words in each.name for words in only)]
    faults = chosen(wanted, seed, number)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, scene_in(Path(folder)) as scene:
        ends = [tried(scene, fault, position, faults) for position, fault in [*enumerate(faults, start=1)][skip:]]
        again = list(doubled(scene))
    survived, left = ends.count(True), ends.count(None)
    said = f" (seed {seed})" if seed is not None else ""
    click.echo(f"faults survived: {survived}/{len(ends) - left}{said}" + (f"; {left} not tried" if left else ""))
    click.echo("\n".join(again), nl=bool(again))
    sys.exit(False in ends or bool(again))


def burst_of(merges: int, kills: int, seed: int) -> bool:
    """Whether a burst was not survived."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, scene_in(Path(folder)) as scene:
        wrong = burst(scene, merges, kills, seed)
    said = "; ".join(wrong) or "survived"
    click.echo(f"{merges} merges in a burst, the daemon killed {kills} times (seed {seed}): {said}")
    return bool(wrong)


def chosen(faults: Sequence[Fault], seed: int | None, number: int | None) -> list[Fault]:
    """The faults to try, in their order."""
    if seed is None:
        return list(faults[:number])
    return random.Random(seed).choices(faults, k=number or len(faults))


def tried(scene: Scene, fault: Fault, position: int, faults: Sequence[Fault]) -> bool | None:
    """Try one fault, and say how it ended, and how to have it again. None for what this machine cannot do."""
    began = time.monotonic()
    lacks = fault.lacks(scene)
    wrong = [] if lacks else survive(scene, fault)
    said = f"not tried, for want of {lacks}" if lacks else "; ".join(wrong) or "survived"
    click.echo(f"{position:3}/{len(faults)} {fault.name}: {said} ({time.monotonic() - began:.0f} s)")
    if wrong:
        click.echo(f"    again, alone: {command('--only', fault.name)}")
        click.echo(f"    again, with all before it: {command(*sys.argv[1:], '--number', str(position))}")
    return None if lacks else not wrong


def command(*arguments: str) -> str:
    """The command line that has the same again: the last of an option that is given twice counts."""
    return shlex.join(["python", "-m", "deploy_pipeline_tests.chaos", *arguments])


if __name__ == "__main__":
    # However it is asked to end, it stops what it started, and unmounts.
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    main()
