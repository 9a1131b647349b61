"""What to do next while a candidate bakes: wait, promote, roll back, or leave it to a person."""

from dataclasses import dataclass
from typing import Literal

from deploy_pipeline.core.analysis.measurements import Measured
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.analysis.verdict import Verdict, abort, judge

Action = Literal["wait", "promote", "roll_back", "hold"]
WhenInconclusive = Literal["hold", "roll_back"]


@dataclass(frozen=True)
class BakePlan:
    """`minutes` to the first verdict; inconclusive ones extend the bake by as many again, up to `at_most` in all."""

    minutes: int = 15
    at_most: int = 60
    when_inconclusive: WhenInconclusive = "hold"


@dataclass(frozen=True)
class Step:
    """What to do, and the verdict that says why; no verdict while there is nothing to say yet."""

    action: Action
    reason: str
    verdict: Verdict | None = None


def next_step(plan: BakePlan, policy: AnalysisPolicy, elapsed: int, measured: Measured) -> Step:
    """After `elapsed` whole minutes of baking. Before the end only a clearly bad candidate ends it."""
    if bad := abort(measured, policy):
        return Step("roll_back", bad.reason, Verdict("unhealthy", bad.reason, (bad,)))
    if not due(plan, elapsed):
        return Step("wait", f"{elapsed} of {plan.minutes} min")
    verdict = judge(measured, policy)
    if verdict.outcome == "healthy":
        return Step("promote", verdict.reason, verdict)
    if verdict.outcome == "unhealthy":
        return Step("roll_back", verdict.reason, verdict)
    if elapsed < plan.at_most:
        return Step("wait", f"extended beyond {elapsed} min, up to {plan.at_most}: {verdict.reason}", verdict)
    return Step(plan.when_inconclusive, f"still {verdict.outcome} after {elapsed} min: {verdict.reason}", verdict)


def due(plan: BakePlan, elapsed: int) -> bool:
    """Whether a verdict is due: at the end of the bake and of each extension. More looks would mean more chances."""
    return elapsed >= plan.at_most or (elapsed > 0 and elapsed % plan.minutes == 0)
