"""Runs every benchmark, one after the other, and says at the end which targets were missed (exit code 1 if any)."""

import json
import subprocess
import sys
from pathlib import Path

import click

from benchmarks.record import RESULTS, table

NAMES = ("engine", "latency", "deploy", "scale", "rollback", "memory", "validation")
PROJECT = Path(__file__).parents[1]


@click.command()
@click.option("--rounds", type=int, help="How often each figure is measured, instead of each benchmark's own number.")
@click.option("--only", help="Names, separated by commas, instead of all: " + ", ".join(NAMES) + ".")
def main(rounds: int | None, only: str | None) -> None:
    """Run every benchmark, one after the other: two at once would measure each other."""
    names = only.split(",") if only else NAMES
    ended = {name: measure(name, ["--rounds", str(rounds)] if rounds else []) for name in names}
    click.echo()
    table(("benchmark", "result"), [(name, "; ".join(words) or "every target is met") for name, words in ended.items()])
    sys.exit(1 if any(ended.values()) else 0)


def measure(name: str, options: list[str]) -> list[str]:
    """Run one benchmark; what it missed. One that ends without new results has missed everything."""
    click.secho(f"\n== bench-{name}", bold=True)
    file = RESULTS / f"{name}.json"
    before = file.stat().st_mtime_ns if file.exists() else 0
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], cwd=PROJECT, check=False)
    if not file.exists() or file.stat().st_mtime_ns == before:
        return [f"did not measure (exit code {done.returncode})"]
    found = json.loads(file.read_text())
    return [
        f"{figure}: {shown(found, figure)} instead of at most {found['targets'][figure]:g}"
        for figure in found["missed"]
    ]


def shown(found: dict[str, dict[str, float]], figure: str) -> str:
    """A figure's value, where there is one."""
    value = found["figures"].get(figure)
    return "nothing" if value is None else f"{value:g}"


if __name__ == "__main__":
    main()
