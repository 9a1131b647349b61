"""Waiting until something that was just started answers: with a deadline, and with its log when it does not."""

from collections.abc import Callable
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock

LOG_LINES = 15


def wait_until_ready(
    name: str,
    answers: Callable[[], bool],
    lives: Callable[[], bool],
    log: Path,
    clock: Clock,
    *,
    seconds: float,
    every: float = 0.2,
) -> None:
    """Return once `answers()`. A `DeployError` with the last lines of `log` when it died or `seconds` are over."""
    deadline = clock.monotonic() + seconds
    while not answers():
        if not lives():
            raise _failure(f"{name} ended at once", log)
        if clock.monotonic() >= deadline:
            raise _failure(f"{name} does not answer after {seconds:.0f} s", log)
        clock.sleep(every)


def last_lines(log: Path, count: int = LOG_LINES) -> str:
    """The end of a log; empty when there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _failure(what: str, log: Path) -> DeployError:
    return DeployError(f"{what}\n{last_lines(log)}".rstrip(), where="sandbox", todo=f"read {log}")
