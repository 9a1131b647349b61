"""The rollout of all functions of a release: divided, watched, then promoted or returned as one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy_pipeline.core.analysis.bake import Step
from deploy_pipeline.core.analysis.detectability import Traffic, says
from deploy_pipeline.core.analysis.measurements import MINUTE, NotMeasured, Window, whole_minute
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Said, Word
from deploy_pipeline.core.ledger.word import in_words
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.core.spec import RolloutSpec
from deploy_pipeline.core.traffic_shape import TrafficShape
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.metrics import Metrics
from deploy_pipeline.rollout.bake import Bake, Look
from deploy_pipeline.rollout.ear import Ear
from deploy_pipeline.rollout.evidence import FunctionEvidence, Versions
from deploy_pipeline.rollout.function_traffic import WHOLE, FunctionTraffic

WHERE = "rollout of functions"


@dataclass(frozen=True)
class FunctionRollout:
    """`told` gets each look at the metrics, `say` what the bake will be able to find out.

    `ask` waits for a person where nobody else can say. Through `ear` people say what is to be done, then or before.

    `clock` is the one by which the metrics' minutes pass.
    """

    functions: Functions
    metrics: Metrics
    clock: Clock
    told: Callable[[Look], None]
    say: Callable[[str], None]
    ask: Callable[[str], object]
    ear: Ear

    def run(
        self, spec: RolloutSpec, moving: Sequence[PublishedFunction], *, compared: bool = True, relative: bool = False
    ) -> None:
        """Move every alias to its new version. Raises DeployError when the old versions serve again instead.

        `compared` is false before the first release: there is no stable version then. Whatever ends it early, an
        interruption too, returns the traffic first.
        """
        watched = [each for each in moving if each.canary and compared]
        traffic = FunctionTraffic(self.functions, moving)
        try:
            if watched and spec.functions.steps.steps:
                self._judged(spec, watched, traffic, relative)
            traffic.promote()
        except BaseException as error:
            left = traffic.give_back()
            if left:
                raise DeployError(
                    f"{error}\nNot returned: {'; '.join(left)}", where=WHERE,
                    todo="look at these aliases now: `aws lambda get-alias`, `aws lambda update-alias`",
                ) from error  # fmt: skip
            raise
        finally:
            self.ear.shut()

    def _judged(
        self, spec: RolloutSpec, watched: Sequence[PublishedFunction], traffic: FunctionTraffic, relative: bool
    ) -> None:
        """Watch the new versions under a part of the traffic. Raises DeployError unless they may have all of it."""
        versions = {one.name: Versions(one.function_name, one.alias, one.stable, one.version) for one in watched}
        shape, evidence = spec.functions.steps, FunctionEvidence(self.metrics, versions)
        policy = spec.analysis.policy(relative=relative)
        for line in foretold(evidence, self.clock.now(), shape, policy.shared_by(len(watched))):
            self.say(line)
        bake = Bake(
            read=evidence.read,
            move=lambda weight: traffic.divide([one.name for one in watched], weight),
            told=self.told, clock=self.clock, shape=shape,
            plan=spec.analysis.plan(shape.minutes), policy=policy, ear=self.ear,
        )  # fmt: skip
        self.ear.open()
        step = bake.run().step
        if step.action == "hold":
            self.ask(step.reason)
        word = self.ear.close()
        if decided(step, word) != "promote":
            said = f" ({in_words(word)})" if word and step.action != word.what else ""
            raise DeployError(
                f"not promoted: {step.reason}{said}. The old versions serve all of the traffic again", where=WHERE,
                todo="correct what the reason says and merge that; `deploy-pipeline analyse` judges past hours again",
            )  # fmt: skip


def decided(step: Step, word: Word | None) -> Said:
    """What is done: what is seen to be bad goes back, else a person's word counts; without one nobody else promotes."""
    if step.action == "roll_back" or (word is None and step.action != "promote"):
        return "roll_back"
    return word.what if word else "promote"


def foretold(evidence: FunctionEvidence, now: datetime, shape: TrafficShape, policy: AnalysisPolicy) -> Iterator[str]:
    """What the bake can find out at the traffic of the last minutes, a line for each function."""
    end = whole_minute(now)
    try:
        recent = evidence.traffic(Window(end - shape.minutes * MINUTE, end))
    except (DeployError, NotMeasured) as error:
        yield f"how much the bake can find out is not known: {error}"
        return
    for name, count in recent.items():
        traffic = Traffic(count.requests / shape.minutes, shape.weight_after(0) / WHOLE)
        yield f"{name}: {says(traffic, shape.minutes, count.rate, policy)}"
