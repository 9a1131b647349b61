"""Where the time of a run went: the chain of steps that determined its end, what it waited for, and what it saved.

All times are Unix seconds. Pure: the facts come from Dagster's event log through `gateways.run_log`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from deploy_pipeline.core.run_facts import Reused, RunFacts, StepTime

WORK = "work"
QUEUE = "queue"
LAUNCH = "launch"
BETWEEN = "between steps"
RETRY = "retry"
END = "end of the run"
# A step that begins within this time of its inputs has not waited for another one to make room.
DISPATCH_SECONDS = 0.5


@dataclass(frozen=True)
class Leg:
    """A piece of the time from a run's creation to its end: `kind` says what it went to, `step` whose it was."""

    kind: str
    step: str
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.begin


@dataclass(frozen=True)
class Account:
    """The account of a run. `legs` follow one another without a gap from its creation to its end.

    `spent` is what they went to, in seconds by kind, with what the steps say of their own waiting. `path` are the steps
    that determined the end. `step_seconds` is the work of all steps, also of those beside the path.
    """

    facts: RunFacts
    legs: tuple[Leg, ...]
    spent: Mapping[str, float]
    path: tuple[str, ...]
    step_seconds: float
    reused: tuple[Reused, ...]

    @property
    def wall(self) -> float:
        """Seconds from the run's creation to its end."""
        return sum(self.spent.values())

    @property
    def working(self) -> float:
        """Seconds in which a step of the critical path worked."""
        return self.spent.get(WORK, 0.0)

    @property
    def waiting(self) -> float:
        """All other seconds."""
        return self.wall - self.working

    @property
    def saved_seconds(self) -> float:
        """How long the stages that were not done again had taken, one after another."""
        return sum(each.saved_seconds for each in self.reused)


def account_of(facts: RunFacts) -> Account:
    """Where the time went."""
    facts = in_order(facts)
    path = critical_path(facts.steps, last(facts.started, facts.ended))
    legs = tuple(leg for leg in all_legs(facts, path) if leg.seconds > 0)
    reused = tuple(step.reused for step in facts.steps if step.reused)
    names, work = tuple(step.name for step in path), sum(step.worked for step in facts.steps)
    return Account(facts, legs, spent_on(legs, path), names, work, reused)


def in_order(facts: RunFacts) -> RunFacts:
    """The same facts without what clocks get wrong: nothing is before the run's creation or after its end."""
    ended = max(facts.created, facts.ended)
    launched = clip(last(facts.launched, ended), facts.created, ended)
    started = clip(last(facts.started, ended), launched, ended)
    steps = tuple(replace(step, attempts=clipped(step.attempts, started, ended)) for step in facts.steps)
    return replace(facts, launched=launched, started=started, ended=ended, steps=steps)


def last(value: float | None, most: float) -> float:
    """A time; what never happened counts as the end of all."""
    return most if value is None else value


def clipped(attempts: Iterable[tuple[float, float]], least: float, most: float) -> tuple[tuple[float, float], ...]:
    """The attempts, each after the one before."""
    found = []
    for begin, end in attempts:
        first = clip(begin, least, most)
        least = clip(end, first, most)
        found.append((first, least))
    return tuple(found)


def clip(value: float, least: float, most: float) -> float:
    """The value within its bounds."""
    return max(least, min(value, most))


def critical_path(steps: tuple[StepTime, ...], started: float) -> list[StepTime]:
    """The chain of steps that ends with the last one to end, first step first, in a run whose worker ran then."""
    left = {step.name: step for step in steps}
    path: list[StepTime] = []
    found = max(steps, key=lambda step: step.end, default=None)
    while found is not None:
        path.append(found)
        del left[found.name]
        found = before(found, list(left.values()), started)
    return path[::-1]


def before(step: StepTime, others: list[StepTime], started: float) -> StepTime | None:
    """What a step has waited for: its last input, or the later step whose end made room for it."""
    earlier = [each for each in others if each.end <= step.begin]
    inputs = [each for each in others if each.name in step.upstream and each.begin < step.begin]
    inputs += [each for each in earlier if each.name in step.upstream]
    ready = max(inputs, key=lambda each: each.end, default=None)
    if step.begin - (ready.end if ready else started) <= DISPATCH_SECONDS:
        return ready
    return max(earlier, key=lambda each: each.end, default=ready)


def all_legs(facts: RunFacts, path: list[StepTime]) -> Iterable[Leg]:
    """The whole time of a run, piece by piece."""
    launched, started = last(facts.launched, facts.ended), last(facts.started, facts.ended)
    yield Leg(QUEUE, "", facts.created, launched)
    yield Leg(LAUNCH, "", launched, started)
    now = started
    for number, step in enumerate(path):
        most = path[number + 1].begin if number + 1 < len(path) else facts.ended
        yield Leg(BETWEEN, step.name, now, max(now, step.begin))
        now = max(now, step.begin)
        for begin, end in step.attempts:
            yield Leg(RETRY, step.name, now, max(now, begin))
            now = max(now, begin)
            worked = clip(end, now, max(now, most))  # an input's end is told of after its consumer has begun
            yield Leg(WORK, step.name, now, worked)
            now = worked
    yield Leg(END, "", now, facts.ended)


def spent_on(legs: Iterable[Leg], path: Iterable[StepTime]) -> dict[str, float]:
    """Seconds by kind. What a step's work has waited for counts as waiting, up to all of its work."""
    spent: dict[str, float] = {}
    left: dict[str, float] = {}
    for leg in legs:
        spent[leg.kind] = spent.get(leg.kind, 0.0) + leg.seconds
        if leg.kind == WORK:
            left[leg.step] = left.get(leg.step, 0.0) + leg.seconds
    for step in path:
        for kind, seconds in step.waited.items():
            waited = clip(seconds, 0.0, left.get(step.name, 0.0))
            left[step.name] = left.get(step.name, 0.0) - waited
            spent[kind] = spent.get(kind, 0.0) + waited
            spent[WORK] = spent.get(WORK, 0.0) - waited
    return {kind: seconds for kind, seconds in spent.items() if seconds > 0}
