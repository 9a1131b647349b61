"""A clock that goes forward only when something sleeps."""

from datetime import UTC, datetime, timedelta

from deploy_pipeline.gateways.clock import Clock

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


class FakeClock(Clock):
    """Starts at `start` (aware UTC); `slept` holds every wait, in seconds and in order."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
