"""What a benchmark has measured: printed as a table, judged by its targets, kept as JSON. Measuring is not here."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Record:
    """`figures` are numbers by name; `targets` say of some of them what they may be at most."""

    name: str
    figures: Mapping[str, float]
    targets: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        """The names of the figures that are above their targets, or are not there."""
        return [name for name, most in self.targets.items() if not self.figures.get(name, float("inf")) <= most]

    def write(self) -> Path:
        """Write `results/<name>.json`; its path."""
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / f"{self.name}.json"
        own = {"figures": dict(self.figures), "targets": dict(self.targets), "missed": self.missed}
        file.write_text(json.dumps({"benchmark": self.name, **own, **self.details}, indent=2) + "\n")
        return file

    def show(self) -> None:
        """Print the figures, with the target of those that have one."""
        rows = [
            (name, f"{value:g}", f"at most {self.targets[name]:g}" if name in self.targets else "")
            for name, value in self.figures.items()
        ]
        table(("figure", "value", "target"), rows)
        click.echo(f"missed: {', '.join(self.missed)}" if self.missed else "every target is met")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their columns' names."""
    lines = [tuple(columns), *(tuple(row) for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, least and most of some runs."""
    return {"median": round(statistics.median(seconds), 2), "least": min(seconds), "most": max(seconds)}


def machine() -> dict[str, Any]:
    """What the numbers were measured on. `load` is the load average when it was asked for."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(value, 2) for value in os.getloadavg()],
        "system": f"{platform.system()} {platform.release().partition('-')[0]} {platform.machine()}",
        "python": platform.python_version(),
    }
