"""Writes the newest results into docs/performance.md, between its markers. Measures nothing."""

import json
import re
from pathlib import Path
from typing import Any

import click

from benchmarks.record import RESULTS

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
SECTION = re.compile(r"(<!-- figures: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


@click.command()
def main() -> None:
    """Fill the tables of docs/performance.md from benchmarks/results."""
    DOCUMENT.write_text(filled(DOCUMENT.read_text(), RESULTS))
    click.echo(f"written to {DOCUMENT}")


def filled(text: str, results: Path) -> str:
    """The document with each section's figures; one of which there are no results stays as it is."""

    def section(found: re.Match[str]) -> str:
        file = results / f"{found['name']}.json"
        return f"{found[1]}{figures(json.loads(file.read_text()))}{found[3]}" if file.exists() else found[0]

    return SECTION.sub(section, text)


def figures(result: dict[str, Any]) -> str:
    """One result as a table: each figure, its target, and by how much it is missed."""
    targets = result["targets"]
    lines = ["| figure | value | at most | |", "|---|---|---|---|"]
    for name, value in result["figures"].items():
        most = targets.get(name)
        said = "" if most is None else verdict(value, most)
        lines.append(f"| {name} | {value:g} | {'' if most is None else f'{most:g}'} | {said} |")
    lines += [
        f"| {name} | not measured | {most:g} | **missed** |"
        for name, most in targets.items()
        if name not in result["figures"]
    ]
    return "\n".join([measured_on(result.get("machine", {})), "", *lines, ""])


def verdict(value: float, most: float) -> str:
    """Whether a target is met, else by how much it is missed."""
    return "met" if value <= most else f"**missed by {(value / most - 1) * 100:.0f} %**"


def measured_on(machine: dict[str, Any]) -> str:
    """The machine in one line."""
    if not machine:
        return "On a machine that the results do not describe."
    return (
        f"Measured {machine['when'][:10]}: {machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
        f"load {machine['load'][0]:g} before."
    )


if __name__ == "__main__":
    main()
