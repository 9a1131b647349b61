"""What is known of a run's times when it has ended, for the account in `run_time`. All times are Unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reused:
    """A stage that was not done again: from which deployment its result is, how long that took, and why."""

    step: str
    commit: str
    saved_seconds: float
    why: str


@dataclass(frozen=True)
class StepTime:
    """A step from its first begin to its last end. Between two `attempts` (begin, end) it waited to be tried again.

    `upstream` are the steps whose outputs it read; `waited` is what its work itself has waited for, in seconds.
    """

    name: str
    attempts: tuple[tuple[float, float], ...]
    upstream: frozenset[str] = frozenset()
    waited: Mapping[str, float] = field(default_factory=dict)
    reused: Reused | None = None

    @property
    def begin(self) -> float:
        """When its first attempt began."""
        return self.attempts[0][0]

    @property
    def end(self) -> float:
        """When its last attempt ended."""
        return self.attempts[-1][1]

    @property
    def worked(self) -> float:
        """The seconds of all attempts."""
        return sum(end - begin for begin, end in self.attempts)


@dataclass(frozen=True)
class RunFacts:
    """A run that has ended. `launched` is when it left the queue, `started` when its worker ran; None: never."""

    run_id: str
    job: str
    status: str
    created: float
    launched: float | None
    started: float | None
    ended: float
    steps: tuple[StepTime, ...] = ()
