"""A bake as a picture (SVG): the error rate of both versions of a target after each minute, and the limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from deploy_pipeline.core.analysis.measurements import Measured, Series
from deploy_pipeline.core.analysis.statistics import Count, interval
from deploy_pipeline.core.analysis.verdict import percent

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 28, 32
CANDIDATE, STABLE, LIMIT = "#d9480f", "#1971c2", "#868e96"
HEADROOM = 1.25

Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """From minutes and rates (0 to 1) to the picture's coordinates."""

    minutes: int
    highest: float

    def at(self, minute: float, rate: float) -> Point:
        """Where a rate at a minute is drawn; what is above the top is drawn at the top."""
        across = LEFT + (WIDTH - LEFT - RIGHT) * minute / self.minutes
        up = min(rate / self.highest, 1.0)
        return across, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * up


def picture(name: str, measured: Measured, limit: float) -> str:
    """The SVG of one target; `limit` is the error rate (0 to 1) that the candidate has to stay below."""
    minutes = max(1, (measured.window.end - measured.window.start).seconds // 60)
    candidate, stable = (running(side, measured, minutes) for side in (measured.candidate, measured.stable))
    highest = max([limit, *(count.rate for count in (*candidate, *stable))]) * HEADROOM
    scale = Scale(minutes, highest)
    parts = [
        text(WIDTH / 2, 18, f"{name}: error rate", anchor="middle"),
        band(scale, candidate),
        line(scale, [limit] * (minutes + 1), LIMIT, dashed=True),
        line(scale, [count.rate for count in stable], STABLE),
        line(scale, [count.rate for count in candidate], CANDIDATE),
        text(LEFT - 6, scale.at(0, limit)[1] + 4, percent(limit), anchor="end"),
        text(LEFT - 6, HEIGHT - BOTTOM + 4, "0 %", anchor="end"),
        text(LEFT, HEIGHT - 10, "candidate", colour=CANDIDATE),
        text(LEFT + 80, HEIGHT - 10, "stable", colour=STABLE),
        text(WIDTH - RIGHT, HEIGHT - 10, f"{minutes} min", anchor="end"),
    ]
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">{"".join(parts)}</svg>'


def running(side: Series, measured: Measured, minutes: int) -> list[Count]:
    """All errors and requests up to the end of each minute, from none at the start."""
    found, errors, requests = [Count(0, 0)], 0, 0
    by_minute = {(each.at - measured.window.start).seconds // 60: each.count for each in side.minutes}
    for minute in range(minutes):
        count = by_minute.get(minute, Count(0, 0))
        errors, requests = errors + count.errors, requests + count.requests
        found.append(Count(errors, requests))
    return found


def band(scale: Scale, counts: Sequence[Count]) -> str:
    """The confidence interval around the candidate's rate, once there are requests."""
    known = [(minute, interval(count)) for minute, count in enumerate(counts) if count.requests]
    edge = [scale.at(minute, around.high) for minute, around in known]
    edge += [scale.at(minute, around.low) for minute, around in reversed(known)]
    return f'<polygon points="{points(edge)}" fill="{CANDIDATE}" fill-opacity="0.15"/>'


def line(scale: Scale, rates: Sequence[float], colour: str, *, dashed: bool = False) -> str:
    """A rate over the minutes."""
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    drawn = points([scale.at(minute, rate) for minute, rate in enumerate(rates)])
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'


def points(found: Sequence[Point]) -> str:
    """Coordinates as SVG writes them."""
    return " ".join(f"{across:.1f},{down:.1f}" for across, down in found)


def text(across: float, down: float, words: str, *, anchor: str = "start", colour: str = "#495057") -> str:
    """Words at a place."""
    place = f'x="{across:.1f}" y="{down:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text {place} font-family="sans-serif" font-size="12">{escape(words)}</text>'
