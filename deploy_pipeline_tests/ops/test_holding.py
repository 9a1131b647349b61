"""What a run holds is given back when it ends, and the end is not cut short."""

import signal
from types import SimpleNamespace
from typing import cast

from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.holding import held


class Closing:
    """A hold whose end takes long enough for somebody to lose patience."""

    lease = SimpleNamespace(deployment="")
    closed = ""

    def close(self, outcome: str) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        self.closed = outcome


def test_a_second_signal_does_not_cut_the_way_back_in_two() -> None:
    hold = Closing()
    body = held(cast("Hold", hold), None, "run")
    assert next(body) is cast("Hold", hold)
    body.close()  # type: ignore[attr-defined]
    assert hold.closed == "failed"
