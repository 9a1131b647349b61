"""The two colours of a service: which of them has the traffic, as the load balancer itself says. Nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from deploy_pipeline.core.errors import DeployError

Colour = Literal["blue", "green"]
OTHER: Mapping[Colour, Colour] = {"blue": "green", "green": "blue"}


@dataclass(frozen=True)
class Traffic:
    """The part of the production traffic that each colour has, 0 to 1; together 1."""

    blue: float
    green: float

    @property
    def live(self) -> Colour:
        """The colour that has more of it. Blue where both have the same: somebody stopped half-way."""
        return "green" if self.green > self.blue else "blue"

    @property
    def idle(self) -> Colour:
        """The colour that may be changed without anybody noticing, once it has nothing."""
        return OTHER[self.live]

    @property
    def whole(self) -> bool:
        """Whether one colour has all of it."""
        return 1.0 in (self.blue, self.green)


def traffic_of(groups: Mapping[Colour, str], weights: Mapping[str, int], where: str) -> Traffic:
    """What a listener's weights (target group -> weight) say of the two colours (colour -> target group).

    Raises DeployError where the listener sends traffic anywhere else, or nowhere: then it is not ours to move.
    """
    strangers = sorted(name for name, weight in weights.items() if weight and name not in groups.values())
    if strangers:
        raise DeployError(
            f"the production listener sends traffic to {', '.join(strangers)}", where=where,
            todo=f"let it forward to {groups['blue']} or {groups['green']} alone, or correct deploy.yaml",
        )  # fmt: skip
    blue, green = (weights.get(groups[colour], 0) for colour in ("blue", "green"))
    if not blue + green:
        raise DeployError(
            "the production listener sends traffic to neither colour", where=where,
            todo=f"let it forward to {groups['blue']} or {groups['green']}",
        )  # fmt: skip
    return Traffic(blue / (blue + green), green / (blue + green))


def enough(healthy: int, desired: int, percent: int) -> bool:
    """Whether so many of the wanted tasks are healthy; none wanted is never enough."""
    return desired > 0 and healthy * 100 >= desired * percent
