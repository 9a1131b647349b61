"""Errors at the edge between our code and Dagster."""

import dagster as dg
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.ops.boundary import stage


@pytest.mark.parametrize("retryable", [True, False])
def test_stage_turns_a_deploy_error_into_a_failure(retryable: bool) -> None:
    @stage
    def step() -> None:
        raise DeployError("it broke", where="here", todo="mend it", retryable=retryable)

    with pytest.raises(dg.Failure) as caught:
        step()
    assert caught.value.description == "here: it broke\nWhat to do: mend it"
    assert caught.value.allow_retries is retryable
    assert caught.value.metadata["what to do"] == dg.MetadataValue.text("mend it")


def test_stage_lets_a_bug_through() -> None:
    @stage
    def step() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        step()


def test_a_definite_failure_is_not_retried_and_one_that_passes_is() -> None:
    attempts = {"definite": 0, "passing": 0}

    def op_that_fails(name: str, retryable: bool) -> dg.OpDefinition:
        @dg.op(name=name, retry_policy=dg.RetryPolicy(max_retries=2))
        @stage
        def step() -> None:
            attempts[name] += 1
            raise DeployError("no", retryable=retryable)

        return step

    definite, passing = op_that_fails("definite", False), op_that_fails("passing", True)

    @dg.job
    def job() -> None:
        definite()
        passing()

    assert not job.execute_in_process(raise_on_error=False).success
    assert attempts == {"definite": 1, "passing": 3}
