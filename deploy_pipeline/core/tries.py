"""When something that failed is tried again by a sensor that looks every few seconds. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

AGAIN_AFTER = timedelta(seconds=20)


class Tries(BaseModel):
    """What the sensor remembers: when it last failed with what (an id), aware UTC."""

    model_config = ConfigDict(frozen=True)

    failed_at: dict[str, datetime] = {}

    def due(self, name: str, now: datetime) -> bool:
        """Whether to try now: a channel that is away, or set wrongly, is not asked at each tick for a day."""
        return not abs(now - self.failed_at.get(name, now - AGAIN_AFTER)) < AGAIN_AFTER

    def after(self, failed: Iterable[str], now: datetime) -> Self:
        """With what failed now; what is long over is forgotten."""
        kept = {name: at for name, at in self.failed_at.items() if not self.due(name, now)}
        return self.model_copy(update={"failed_at": kept | dict.fromkeys(failed, now)})


def read_tries(cursor: str | None) -> Tries:
    """What was remembered; nothing where it cannot be read."""
    try:
        return Tries.model_validate_json(cursor or "{}")
    except ValidationError:
        return Tries()
