"""The one place where an error that an operator can act on becomes a failed step of Dagster's."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import dagster as dg

from deploy_pipeline.core.errors import DeployError

P = ParamSpec("P")
R = TypeVar("R")


def stage(function: Callable[P, R]) -> Callable[P, R]:
    """Turn a `DeployError` of an op into a `dg.Failure` that is retried only when the trouble passes by itself.

    Stands below `@dg.op`. Anything else that is raised is a bug, and is shown as one, with its traceback.
    """

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except DeployError as error:
            raise failure_of(error) from error

    return guarded


def failure_of(error: DeployError) -> dg.Failure:
    """The step failure that shows `error` in the UI."""
    metadata = {"what": error.what, "where": error.where or "-", "what to do": error.todo or "-"}
    return dg.Failure(description=str(error), metadata=metadata, allow_retries=error.retryable)
