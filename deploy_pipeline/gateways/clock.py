"""Time, so that nothing else reads the clock or sleeps."""

import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime

LONGEST_NAP_SECONDS = 0.2


class Clock(ABC):
    """Where the time comes from and how to wait."""

    @abstractmethod
    def now(self) -> datetime:
        """The time now, aware, in UTC."""

    def of(self, machine_time: datetime) -> datetime:
        """What this clock said when the machine's said `machine_time`."""
        return machine_time

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Wait."""

    def during(self, machine_seconds: float) -> float:
        """How many seconds of this clock pass in so many of the machine's."""
        return machine_seconds


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        # In short naps: an interruption of the step's thread arrives only between two of them.
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, LONGEST_NAP_SECONDS))


class FastClock(Clock):
    """Goes `factor` times as fast as the machine's, from the moment `begin` (aware) at which both said the same.

    A sandbox's: what bakes for a quarter of an hour takes seconds there, by the same rules.
    """

    def __init__(self, factor: float, begin: datetime) -> None:
        self._factor, self._begin, self._machine = factor, begin, SystemClock()

    def now(self) -> datetime:
        return self.of(self._machine.now())

    def of(self, machine_time: datetime) -> datetime:
        return self._begin + (machine_time - self._begin) * self._factor

    def during(self, machine_seconds: float) -> float:
        return machine_seconds * self._factor

    def monotonic(self) -> float:
        return self._machine.monotonic() * self._factor

    def sleep(self, seconds: float) -> None:
        self._machine.sleep(seconds / self._factor)
