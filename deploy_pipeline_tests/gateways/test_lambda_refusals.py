"""Lambda, against scripted answers: waiting for updates, fencing, and what is said of a refusal."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.lambda_functions import LambdaFunctions
from deploy_pipeline_tests.fakes.fake_clock import FakeClock


def configuration(code: str, status: str = "Successful", **more: str) -> dict[str, str]:
    return {
        "CodeSha256": code,
        "RevisionId": f"revision-of-{code}",
        "LastUpdateStatus": status,
        "State": "Active",
        **more,
    }


def scripted(functions: LambdaFunctions, states: list[dict[str, str]]) -> Stubber:
    stub = Stubber(functions._lambda)
    for state in states:
        stub.add_response("get_function_configuration", state, {"FunctionName": "f"})
    stub.activate()
    return stub


def publish(functions: LambdaFunctions) -> str:
    return functions.publish("f", bucket="bucket", key="k", code_sha256="new", description="d").version


def test_publish_waits_for_both_updates_and_is_fenced(stubbed_aws: AwsSettings, clock: FakeClock) -> None:
    functions = LambdaFunctions(stubbed_aws, clock)
    states = [configuration("old", "InProgress"), configuration("old")]
    states += [configuration("new", "InProgress"), configuration("new")]
    stub = scripted(functions, states)
    version = {"Version": "7", "CodeSha256": "new"}
    stub.add_response("publish_version", version, {"FunctionName": "f", "CodeSha256": "new", "Description": "d"})
    update = {
        "FunctionName": "f",
        "S3Bucket": "bucket",
        "S3Key": "k",
        "Publish": False,
        "RevisionId": "revision-of-old",
    }
    with Stubber(functions._fenced) as fenced:
        fenced.add_response("update_function_code", {}, update)
        assert publish(functions) == "7"
        fenced.assert_no_pending_responses()
    stub.assert_no_pending_responses()
    assert clock.slept == [0.1, 0.1]  # one look each, the first pause of both


def test_publish_the_same_code_does_not_upload_it(stubbed_aws: AwsSettings, clock: FakeClock) -> None:
    functions = LambdaFunctions(stubbed_aws, clock)
    stub = scripted(functions, [configuration("new")])
    stub.add_response("publish_version", {"Version": "7", "CodeSha256": "new"})
    assert publish(functions) == "7"


def test_publish_gives_up_on_an_update_that_does_not_end(stubbed_aws: AwsSettings, clock: FakeClock) -> None:
    functions = LambdaFunctions(stubbed_aws, clock, update_deadline=3)
    scripted(functions, [configuration("old", "InProgress")] * 7)  # after 0.1, 0.3, 0.7, 1.5, 2.5 and 3.5 seconds
    with pytest.raises(DeployError, match="still InProgress after 3 s"):
        publish(functions)


def test_publish_tells_why_the_last_update_failed(stubbed_aws: AwsSettings, clock: FakeClock) -> None:
    functions = LambdaFunctions(stubbed_aws, clock)
    scripted(functions, [configuration("old", "Failed", LastUpdateStatusReason="the layer is gone")])
    with pytest.raises(DeployError, match="the layer is gone"):
        publish(functions)


REFUSALS: Mapping[str, tuple[str, int, str, bool]] = {
    "stale": ("PreconditionFailedException", 412, "someone else changed it", False),
    "denied": ("AccessDeniedException", 403, "allow the pipeline's role", False),
    "throttled": ("TooManyRequestsException", 429, "wait a moment", True),
    "broken": ("ServiceException", 500, "wait a moment", True),
}


@pytest.mark.parametrize(("code", "status", "todo", "retryable"), REFUSALS.values(), ids=REFUSALS.keys())
def test_move_alias_refused(
    stubbed_aws: AwsSettings, clock: FakeClock, code: str, status: int, todo: str, retryable: bool
) -> None:
    functions = LambdaFunctions(stubbed_aws, clock)
    expected: dict[str, Any] = {
        "FunctionName": "f", "Name": "live", "FunctionVersion": "7", "RevisionId": "r",
        "RoutingConfig": {"AdditionalVersionWeights": {}},
    }  # fmt: skip
    with Stubber(functions._fenced) as stub:
        stub.add_client_error("update_alias", code, "no", status, expected_params=expected)
        with pytest.raises(DeployError, match=todo) as refused:
            functions.move_alias("f", "live", version="7", revision_id="r")
    assert refused.value.retryable is retryable


def test_invoke_is_never_repeated(stubbed_aws: AwsSettings, clock: FakeClock) -> None:
    config: Any = LambdaFunctions(stubbed_aws, clock, invocation_timeout=600)._once.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert config.read_timeout == 600
