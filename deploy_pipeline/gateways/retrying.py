"""Calling again what failed by trouble that passes: the one policy of all gateways that need one of their own."""

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock

LONGEST_WAIT_SECONDS = 20.0


def is_retryable(error: BaseException) -> bool:
    """Whether the same call may succeed later."""
    return isinstance(error, DeployError) and error.retryable


def retrying(clock: Clock, attempts: int) -> Retrying:
    """A caller that tries up to `attempts` times and then raises the last error.

    Between two tries it waits 1, 2, 4... seconds plus up to one at random.
    """
    return Retrying(
        retry=retry_if_exception(is_retryable),
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(initial=1.0, max=LONGEST_WAIT_SECONDS, jitter=1.0),
        sleep=clock.sleep,
        reraise=True,
    )
