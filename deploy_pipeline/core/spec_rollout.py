"""The parts of the spec that say how traffic moves to a candidate and what it has to keep. Import them from `spec`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.analysis.bake import BakePlan
from deploy_pipeline.core.analysis.policy import AnalysisPolicy, Metric
from deploy_pipeline.core.spec_types import SpecModel
from deploy_pipeline.core.traffic_shape import EXAMPLES, MOST_MINUTES, TrafficShape, shape_of


def _known_shape(name: str) -> str:
    try:
        shape_of(name)
    except ValueError as error:
        raise types.expected(f"a shape of a rollout of at most two days, such as {EXAMPLES}") from error
    return name


ShapeName = Annotated[str, AfterValidator(_known_shape)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Minutes = Annotated[int, Field(ge=1, le=MOST_MINUTES)]


class AnalysisSpec(SpecModel):
    """What a candidate has to keep to be promoted, and what happens when nobody can say whether it does."""

    max_error_rate: Rate = 0.01
    """errors per request that the candidate has to stay below, 0 to 1"""
    abort_error_rate: Rate = 0.05
    """errors per request above which the rollout ends at once, 0 to 1"""
    max_latency_increase: Annotated[float, Field(gt=0, le=10)] = 0.2
    """part of the stable version's p99 by which the candidate's may be above it"""
    minimum_requests: Annotated[int, Field(ge=1)] = 300
    """requests to the candidate without which nothing is healthy"""
    significance: Annotated[float, Field(gt=0, le=0.1)] = 0.01
    """how often a version that is the same may be taken for a worse one, 0 to 1"""
    observe: tuple[Metric, ...] = ()
    """metrics that are judged and shown, and decide nothing"""
    extend_to_minutes: Minutes = 60
    """minutes up to which an inconclusive bake is extended"""
    when_inconclusive: Literal["hold", "roll_back"] = "hold"
    """what happens when it still is inconclusive then: wait for a person, or go back"""
    hold_minutes: Minutes = 120
    """minutes that a rollout waits for a person, before it goes back"""

    def policy(self, *, relative: bool = False) -> AnalysisPolicy:
        """What the judge is given; `relative` to the stable version alone for a hotfix."""
        return AnalysisPolicy(
            error_rate=self.max_error_rate,
            abort_error_rate=self.abort_error_rate,
            latency_increase=self.max_latency_increase,
            minimum_requests=self.minimum_requests,
            significance=self.significance,
            observe=frozenset(self.observe),
            relative=relative,
        )

    def plan(self, minutes: int) -> BakePlan:
        """The bake of a rollout whose traffic takes so many minutes to move."""
        return BakePlan(minutes, max(minutes, self.extend_to_minutes), self.when_inconclusive)


class FunctionRolloutSpec(SpecModel):
    """How the traffic of functions moves to their new versions: of all functions of a release together."""

    shape: ShapeName = "Canary10Percent15Minutes"
    """steps of the traffic, by CodeDeploy's names"""

    @property
    def steps(self) -> TrafficShape:
        """The shape itself."""
        return shape_of(self.shape)


class ServiceRolloutSpec(SpecModel):
    """How the traffic of services moves from one colour to the other."""

    bake_minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES)] = 15
    """minutes that the earlier colour stays up after the switch, so that going back is one change of a listener"""
    healthy_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """part of the wanted tasks that has to be healthy at each check, else the new colour is removed"""


class RolloutSpec(SpecModel):
    """How traffic moves to what is deployed, and on what evidence."""

    functions: FunctionRolloutSpec = FunctionRolloutSpec()
    """how the traffic of functions moves"""
    services: ServiceRolloutSpec = ServiceRolloutSpec()
    """how the traffic of services moves"""
    analysis: AnalysisSpec = AnalysisSpec()
    """what a candidate has to keep"""
