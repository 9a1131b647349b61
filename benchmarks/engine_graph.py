"""The graphs that every engine runs, by name. Standard library only: other engines' environments import this too."""

from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = 0.5
DEPLOYMENT: Mapping[str, tuple[str, ...]] = {
    "resolve": (),
    "build_training": ("resolve",),
    "build_inference": ("resolve",),
    "package_pre_cleanup": ("resolve",),
    "package_data_prep": ("resolve",),
    "package_api": ("resolve",),
    "init": ("resolve",),
    "scan_training": ("build_training",),
    "scan_inference": ("build_inference",),
    "push_training": ("scan_training",),
    "push_inference": ("scan_inference",),
    "plan": ("push_training", "push_inference", "package_pre_cleanup", "package_data_prep", "package_api", "init"),
    "apply": ("plan",),
    "deploy_service": ("apply",),
    "deploy_functions": ("apply",),
    "deploy_api": ("apply",),
}
"""16 steps in 7 levels, shaped as `deploy_job` is: step -> the steps that it waits for."""


@dataclass(frozen=True)
class Graph:
    """`steps` is step -> the steps that it waits for, in an order in which they can run; each takes `seconds`."""

    name: str
    steps: Mapping[str, tuple[str, ...]]
    seconds: float

    @property
    def critical_path(self) -> float:
        """The least time in which the steps can run, in seconds."""
        level: dict[str, int] = {}
        for step, needs in self.steps.items():
            level[step] = 1 + max((level[need] for need in needs), default=0)
        return max(level.values()) * self.seconds


def graph(name: str) -> Graph:
    """`deployment`; `chain_N`: N no-ops one after another; `fan_N`: a first, then N no-op steps at once, a last."""
    if name == "deployment":
        return Graph(name, DEPLOYMENT, SECONDS)
    shape, _, count = name.partition("_")
    return Graph(name, {"chain": chain, "fan": fan}[shape](int(count)), 0.0)


def chain(count: int) -> dict[str, tuple[str, ...]]:
    """Steps one after another."""
    return {f"step_{number}": (f"step_{number - 1}",) if number else () for number in range(count)}


def fan(count: int) -> dict[str, tuple[str, ...]]:
    """A first step, `count` steps that wait for it alone, and a last step that waits for those."""
    middle = [f"step_{number}" for number in range(count)]
    return {"first": (), **{step: ("first",) for step in middle}, "last": tuple(middle)}
