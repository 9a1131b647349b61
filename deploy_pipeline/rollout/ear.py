"""Where a bake hears what people say of it. This one hears nobody: the one that listens is in `ledger`."""

from typing import Final

from deploy_pipeline.core.ledger.deployment import Word
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.waiting import wait_until

LISTEN_SECONDS: Final = 5.0
"""So often a bake asks whether somebody has said something, by the machine's clock."""


class Ear:
    """One bake's. `open` when it begins, `close` when it ends, `shut` however that was."""

    def open(self) -> None:
        """From now on people can say something."""

    def heard(self) -> Word | None:
        """What somebody has said."""
        return None

    def close(self) -> Word | None:
        """From now on nobody can say anything. What somebody has said until then, also since `heard` was asked."""
        return None

    def shut(self) -> None:
        """As `close`, where it is open still; what goes wrong is left."""


def wait_or_hear(clock: Clock, ear: Ear, seconds: float) -> Word | None:
    """Wait for so many seconds of the clock, or until somebody says something."""
    return wait_until(clock, ear.heard, seconds=seconds, every=clock.during(LISTEN_SECONDS))
