"""Watches a divided traffic minute by minute until there is something to do: promote, return, or ask a person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from deploy_pipeline.core.analysis.bake import BakePlan, Step, next_step
from deploy_pipeline.core.analysis.measurements import MINUTE, Measured, NotMeasured, Window, whole_minute
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Word
from deploy_pipeline.core.ledger.word import in_words
from deploy_pipeline.core.traffic_shape import TrafficShape
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.rollout.ear import Ear, wait_or_hear

LATE: Final = timedelta(minutes=1)
"""A minute is looked at when it has been over for so long: CloudWatch has it by then, mostly."""
RETRY_SECONDS: Final = 10.0
ERRORS_IN_A_ROW: Final = 4
"""So many looks one after another at metrics that cannot be read end the rollout."""


@dataclass(frozen=True)
class Look:
    """What one look saw and decided. `measured` is empty where nothing could be read."""

    at: datetime
    elapsed: int
    weight: int
    step: Step
    measured: Mapping[str, Measured] = field(default_factory=dict)


@dataclass
class Bake:
    """One bake. `move` gives the candidate so many percent of the traffic, `told` is called with each look.

    Through `ear` a person may end it at any time.
    """

    read: Callable[[Window], Mapping[str, Measured]]
    move: Callable[[int], None]
    told: Callable[[Look], None]
    clock: Clock
    shape: TrafficShape
    plan: BakePlan
    policy: AnalysisPolicy
    ear: Ear = field(default_factory=Ear)
    errors: int = 0
    weight: int = 0

    def run(self) -> Look:
        """Move the first part of the traffic and watch until something other than waiting is to be done."""
        self._give(self.shape.weight_after(0))
        start = whole_minute(self.clock.now()) + MINUTE  # the minute in which the traffic moved is of both
        elapsed = 0
        while True:
            word = self._wait_until(start + (elapsed + 1) * MINUTE)
            if word is None:
                self._give(self.shape.weight_after(elapsed + 1))
                word = self._wait_until(start + (elapsed + 1) * MINUTE + LATE)
            if word is None:
                elapsed = (self.clock.now() - LATE - start) // MINUTE
                look = self._look(Window(start, start + elapsed * MINUTE), elapsed)
            else:
                look = self._ended(word, elapsed)
            self.told(look)
            if look.step.action != "wait":
                return look

    def _look(self, window: Window, elapsed: int) -> Look:
        while True:
            try:
                measured = self.read(window)
            except (NotMeasured, DeployError) as error:
                self.errors += 1
                look = Look(self.clock.now(), elapsed, self.weight, unreadable(self.errors, str(error)))
                if look.step.action != "wait":
                    return look
                self.told(look)
                if word := wait_or_hear(self.clock, self.ear, RETRY_SECONDS):
                    return self._ended(word, elapsed)
            else:
                self.errors = 0
                step = next_step(self.plan, self.policy, elapsed, measured)
                return Look(self.clock.now(), elapsed, self.weight, step, measured)

    def _give(self, weight: int) -> None:
        if weight != self.weight:
            self.move(weight)
            self.weight = weight

    def _ended(self, word: Word, elapsed: int) -> Look:
        return Look(self.clock.now(), elapsed, self.weight, Step(word.what, in_words(word)))

    def _wait_until(self, at: datetime) -> Word | None:
        while (left := (at - self.clock.now()).total_seconds()) > 0:
            if word := wait_or_hear(self.clock, self.ear, left):
                return word
        return None


def unreadable(times: int, reason: str) -> Step:
    """What to do when the metrics could not be read for so many times in a row."""
    if times < ERRORS_IN_A_ROW:
        return Step("wait", f"the metrics could not be read ({times} of {ERRORS_IN_A_ROW}): {reason}")
    return Step("roll_back", f"the metrics could not be read {times} times in a row: {reason}")
