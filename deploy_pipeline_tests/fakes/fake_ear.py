"""Somebody who says something at a moment of a bake."""

from datetime import UTC, datetime

from deploy_pipeline.core.ledger.deployment import Said, Word
from deploy_pipeline.rollout.ear import Ear

AT = datetime(2026, 1, 15, 12, 3, tzinfo=UTC)


class FakeEar(Ear):
    """Hears `what` the `after`-th time that it listens; None: never. `at_the_end` is said just before it closes."""

    def __init__(self, what: Said | None = None, after: int = 1, at_the_end: Said | None = None) -> None:
        self._what, self._left, self._at_the_end = what, after, at_the_end
        self.states: list[str] = []

    def open(self) -> None:
        self.states.append("open")

    def heard(self) -> Word | None:
        self._left -= 1
        return self._word(self._what) if self._left <= 0 else None

    def close(self) -> Word | None:
        self.states.append("closed")
        return self.heard() or self._word(self._at_the_end)

    def shut(self) -> None:
        if self.states and self.states[-1] == "open":
            self.states.append("shut")

    def _word(self, what: Said | None) -> Word | None:
        return Word(what, "grace", "the numbers are fine", AT, ("it",)) if what else None
