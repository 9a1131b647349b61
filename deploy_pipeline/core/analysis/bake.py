"""What to do next while a release bakes: wait, promote, roll back, or leave it to a person. All of it, or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from deploy_pipeline.core.analysis.measurements import Measured
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.analysis.verdict import Verdict, abort, judge, worst

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
    """What to do, why, and the verdict on each target; none while there is nothing to say yet."""

    action: Action
    reason: str
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)


def next_step(plan: BakePlan, policy: AnalysisPolicy, elapsed: int, measured: Mapping[str, Measured]) -> Step:
    """After `elapsed` whole minutes of baking of these targets, by name: the worst of them decides for all.

    Before the end only a clearly bad candidate ends it.
    """
    own = policy.shared_by(len(measured))
    bad = {name: found for name, each in measured.items() if (found := abort(each, own))}
    if bad:
        return _step("roll_back", "", {name: Verdict("unhealthy", one.reason, (one,)) for name, one in bad.items()})
    if not due(plan, elapsed):
        return Step("wait", f"{elapsed} of {plan.minutes} min")
    verdicts = {name: judge(each, own) for name, each in measured.items()}
    outcome = worst(verdict.outcome for verdict in verdicts.values())
    if outcome == "healthy":
        return _step("promote", "", verdicts)
    if outcome == "unhealthy":
        return _step("roll_back", "", verdicts)
    if elapsed < plan.at_most:
        return _step("wait", f"extended beyond {elapsed} min, up to {plan.at_most}: ", verdicts)
    return _step(plan.when_inconclusive, f"still {outcome} after {elapsed} min: ", verdicts)


def _step(action: Action, words: str, verdicts: Mapping[str, Verdict]) -> Step:
    """The step, with the reasons of the targets that it is for."""
    outcome = worst(verdict.outcome for verdict in verdicts.values())
    reasons = (f"{name}: {verdict.reason}" for name, verdict in verdicts.items() if verdict.outcome == outcome)
    return Step(action, words + "; ".join(reasons), verdicts)


def due(plan: BakePlan, elapsed: int) -> bool:
    """Whether a verdict is due: at the end of the bake and of each extension. More looks would mean more chances."""
    return elapsed >= plan.at_most or (elapsed > 0 and elapsed % plan.minutes == 0)
