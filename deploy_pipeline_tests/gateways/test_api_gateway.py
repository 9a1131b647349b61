"""API Gateway, against an emulated AWS."""

import boto3
import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.api_gateway import AwsApiGateway
from deploy_pipeline.gateways.aws import AwsSettings

INVOKE_URL = "https://abc123.execute-api.us-east-1.amazonaws.com/prod"


@pytest.mark.real
def test_key_value(aws: AwsSettings) -> None:
    vendor = boto3.client("apigateway", region_name=aws.region, endpoint_url=aws.endpoint_url)
    made = vendor.create_api_key(name="smoke", enabled=True, value="a-key-of-twenty-and-more")
    assert AwsApiGateway(aws).key_value(made["id"]) == "a-key-of-twenty-and-more"


@pytest.mark.real
def test_missing_key_teaches(aws: AwsSettings) -> None:
    with pytest.raises(DeployError, match="terraform apply creates the key"):
        AwsApiGateway(aws).key_value("no-such-key")


def test_key_value_denied(stubbed_aws: AwsSettings) -> None:
    gateway = AwsApiGateway(stubbed_aws)
    with Stubber(gateway._api_gateway) as stub:
        expected = {"apiKey": "k", "includeValue": True}
        stub.add_client_error("get_api_key", "AccessDeniedException", "no", 403, expected_params=expected)
        with pytest.raises(DeployError, match="GetApiKey"):
            gateway.key_value("k")


@pytest.mark.parametrize(
    ("invoke_url", "reachable"),
    [
        (INVOKE_URL, "http://127.0.0.1:4566/_aws/execute-api/abc123/prod"),
        (f"{INVOKE_URL}/v1/health", "http://127.0.0.1:4566/_aws/execute-api/abc123/prod/v1/health"),
        ("https://api.example.com/v1", "https://api.example.com/v1"),
    ],
)
def test_reachable_url_of_an_emulator(aws_credentials: None, invoke_url: str, reachable: str) -> None:
    assert AwsApiGateway(AwsSettings("us-east-1", "http://127.0.0.1:4566/")).reachable_url(invoke_url) == reachable


def test_reachable_url_of_aws(aws_credentials: None) -> None:
    assert AwsApiGateway(AwsSettings("us-east-1")).reachable_url(INVOKE_URL) == INVOKE_URL
