"""How traffic moves to a candidate: in which steps, and how long each one lasts. CodeDeploy's names are understood."""

import re
from dataclasses import dataclass
from typing import Final

ALL = 100
MOST_MINUTES = 2880
"""CodeDeploy's limit for the time from the first step to the last: two days."""
EXAMPLES: Final = '"Canary10Percent15Minutes", "Linear10PercentEvery1Minute" or "AllAtOnce"'
_NAME = re.compile(
    r"(?:CodeDeployDefault\.)?(?:Lambda|ECS)?"
    r"(?:(?P<all>AllAtOnce)|(?P<canary>Canary)(?P<weight>[1-9]\d?)Percent(?P<minutes>[1-9]\d*)Minutes?"
    r"|(?P<linear>Linear)(?P<step>[1-9]\d?)PercentEvery(?P<every>[1-9]\d*)Minutes?)"
)


@dataclass(frozen=True)
class WeightStep:
    """The candidate has `weight` percent of the traffic (1 to 99) for `minutes`."""

    weight: int
    minutes: int


@dataclass(frozen=True)
class TrafficShape:
    """The steps before all of the traffic; none for everything at once."""

    steps: tuple[WeightStep, ...]

    @property
    def minutes(self) -> int:
        """From the first step to all of the traffic."""
        return sum(step.minutes for step in self.steps)

    def weight_after(self, minutes: int) -> int:
        """The candidate's weight when so many minutes have passed; the last step's as long as nobody decides."""
        for step in self.steps:
            if minutes < step.minutes:
                return step.weight
            minutes -= step.minutes
        return self.steps[-1].weight if self.steps else ALL


def canary(weight: int, minutes: int) -> TrafficShape:
    """One step."""
    return TrafficShape((WeightStep(weight, minutes),))


def linear(step: int, every: int) -> TrafficShape:
    """Steps of the same size: 10, 20, ... 90 percent."""
    return TrafficShape(tuple(WeightStep(weight, every) for weight in range(step, ALL, step)))


def shape_of(name: str) -> TrafficShape:
    """The shape that a name says, such as `CodeDeployDefault.LambdaCanary10Percent5Minutes`. Raises ValueError."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"no shape of a rollout: {name!r}; use {EXAMPLES}")
    if found["all"]:
        return TrafficShape(())
    shape = (
        canary(int(found["weight"]), int(found["minutes"]))
        if found["canary"]
        else linear(int(found["step"]), int(found["every"]))
    )
    if shape.minutes > MOST_MINUTES:
        raise ValueError(f"{name!r} takes {shape.minutes} minutes; the most is {MOST_MINUTES}")
    return shape
