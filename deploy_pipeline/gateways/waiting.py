"""The one way to wait: ask again until there is an answer, never past a deadline."""

from collections.abc import Callable
from typing import TypeVar

from deploy_pipeline.gateways.clock import Clock

T = TypeVar("T")


def wait_until(clock: Clock, ask: Callable[[], T | None], *, seconds: float, every: float) -> T | None:
    """The first answer of `ask` that is not None, or None when `seconds` have passed without one."""
    deadline = clock.monotonic() + seconds
    while (answer := ask()) is None and (left := deadline - clock.monotonic()) > 0:
        clock.sleep(min(every, left))
    return answer
