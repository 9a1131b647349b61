"""A bake as people see it: one line and one row for each look at a target, and a picture of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from deploy_pipeline.core.analysis.measurements import Measured, Series
from deploy_pipeline.core.analysis.statistics import interval
from deploy_pipeline.core.analysis.verdict import Verdict, percent, rate

COLUMNS = ("target", "version", "traffic", "requests", "error rate", "95 % interval", "p99", "verdict so far")
NOTHING = "-"


@dataclass(frozen=True)
class Row:
    """One version of one target, in the columns of `COLUMNS`."""

    cells: tuple[str, ...]


def rows(name: str, measured: Measured, weight: int, verdict: Verdict | None) -> tuple[Row, Row]:
    """The candidate's row and the stable version's."""
    said = verdict.outcome if verdict else "none yet"
    return (
        Row((name, "candidate", f"{weight} %", *numbers(measured.candidate), said)),
        Row((name, "stable", f"{100 - weight} %", *numbers(measured.stable), NOTHING)),
    )


def numbers(series: Series) -> tuple[str, str, str, str]:
    """Requests, error rate, its confidence interval, p99."""
    count, around = series.count, interval(series.count)
    slow = f"{median(series.p99s):.0f} ms" if series.p99s else NOTHING
    if not count.requests:
        return "0", NOTHING, NOTHING, slow
    return str(count.requests), percent(count.rate), f"{percent(around.low)} to {percent(around.high)}", slow


def line(measured: Mapping[str, Measured], elapsed: int, weight: int, reason: str) -> str:
    """The look in one line, for the log."""
    seen = "; ".join(
        f"{name} {rate(one.candidate.count)}, stable {rate(one.stable.count)}" for name, one in measured.items()
    )
    return f"minute {elapsed}, {weight} % on the candidate: {seen or 'nothing measured'}. {reason}"


def table(header: Sequence[str], found: Sequence[Row]) -> str:
    """Rows as a Markdown table."""
    lines = [header, ["---"] * len(header), *(row.cells for row in found)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
