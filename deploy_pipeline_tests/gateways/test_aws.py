"""AWS's errors become errors that teach, and clients are made with limits."""

import re
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as vendor
from botocore.loaders import JSONFileLoader

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways import aws
from deploy_pipeline.gateways.aws import SERVICES, AwsSettings, client, read_descriptions, registry_at, translated

DENIED_MESSAGE = "User: arn:aws:iam::1:user/ci is not authorized to perform: lambda:UpdateAlias on resource: f"


def client_error(code: str, message: str, status: int = 400) -> vendor.ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return vendor.ClientError(answer, "UpdateAlias")


def raised_for(error: Exception, *, repeatable: bool = True) -> DeployError:
    with (
        pytest.raises(DeployError) as caught,
        translated("here", lessons={"Gone": "bring it back"}, repeatable=repeatable),
    ):
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.where == "here"
    return caught.value


@pytest.mark.parametrize(
    ("error", "what", "todo", "retryable"),
    [
        (
            client_error("AccessDeniedException", DENIED_MESSAGE, 403),
            f"AccessDeniedException: {DENIED_MESSAGE}",
            "allow the pipeline's role the action lambda:UpdateAlias on this resource",
            False,
        ),
        (
            client_error("403", "Forbidden", 403),
            "403: Forbidden",
            "allow the pipeline's role the action behind UpdateAlias on this resource",
            False,
        ),
        (client_error("Gone", "no"), "Gone: no", "bring it back", False),
        (client_error("Odd", "why"), "Odd: why", "", False),
        (
            client_error("ThrottlingException", "Rate exceeded"),
            "ThrottlingException: Rate exceeded",
            "wait a moment, then try again",
            True,
        ),
        (client_error("ServiceException", "", 500), "ServiceException", "wait a moment, then try again", True),
        (
            vendor.EndpointConnectionError(endpoint_url="http://x"),
            'AWS cannot be reached: Could not connect to the endpoint URL: "http://x"',
            "",
            True,
        ),
    ],
)
def test_translated_errors(error: Exception, what: str, todo: str, retryable: bool) -> None:
    translated_error = raised_for(error)
    assert (translated_error.what, translated_error.todo, translated_error.retryable) == (what, todo, retryable)


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "ExpiredToken", "InvalidClientTokenId"])
def test_translated_credentials_are_not_quoted(code: str) -> None:
    error = raised_for(client_error(code, "The Canonical String should have been 'AKIASECRET'", 403))
    assert "AKIASECRET" not in str(error)
    assert "credentials" in error.todo


def test_translated_no_credentials() -> None:
    assert "AWS_ACCESS_KEY_ID" in raised_for(vendor.NoCredentialsError()).todo


@pytest.mark.parametrize("repeatable", [True, False])
def test_translated_lost_answer_is_retryable_where_the_call_may_be_repeated(repeatable: bool) -> None:
    assert raised_for(vendor.ReadTimeoutError(endpoint_url="http://x"), repeatable=repeatable).retryable is repeatable
    assert raised_for(client_error("ServiceException", "", 500), repeatable=repeatable).retryable is repeatable
    assert raised_for(client_error("TooManyRequestsException", "", 429), repeatable=repeatable).retryable


def test_translated_leaves_other_errors_alone() -> None:
    with pytest.raises(ZeroDivisionError), translated("here"):
        raise ZeroDivisionError


def test_client_has_limits(aws_credentials: None) -> None:
    config = client(AwsSettings("eu-west-1"), "s3", read_timeout=7, max_attempts=1).meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert (config.connect_timeout, config.read_timeout, config.region_name) == (5, 7, "eu-west-1")
    assert not (config.s3 or {}).get("addressing_style")


def test_client_of_an_emulator_uses_its_address(aws_credentials: None) -> None:
    made = client(AwsSettings("us-east-1", "http://127.0.0.1:4566"), "s3")
    assert made.meta.endpoint_url == "http://127.0.0.1:4566"
    assert made.meta.config.s3["addressing_style"] == "path"


def test_client_without_a_server_is_retryable(aws_credentials: None) -> None:
    unreachable = client(AwsSettings("us-east-1", "http://127.0.0.1:1"), "sts", max_attempts=1)
    with pytest.raises(DeployError) as caught, translated("STS"):
        unreachable.get_caller_identity()
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("endpoint", "registry"),
    [
        ("http://127.0.0.1:4566", "localhost:4566"),
        ("http://localhost:4566/", "localhost:4566"),
        ("https://aws.test", "aws.test:443"),
        ("http://aws.test", "aws.test:80"),
    ],
)
def test_registry_at(endpoint: str, registry: str) -> None:
    assert registry_at(endpoint) == registry


def test_clients_are_made_of_descriptions_that_were_read_before(
    aws_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_descriptions()
    read, load = [], JSONFileLoader.load_file

    def noted(loader: JSONFileLoader, file: str) -> Any:
        found = load(loader, file)
        if found is not None:  # it looks each time for what is not there
            read.append(file)
        return found

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    for service in SERVICES:
        assert client(AwsSettings("us-east-1"), service).meta.service_model.service_name == service
    assert read == []


def test_descriptions_of_every_service_are_read() -> None:
    sources = [file.read_text() for file in Path(aws.__file__).parent.glob("*.py")]
    asked = {name for source in sources for name in re.findall(r'client\((?:self\._)?settings, "([\w-]+)"', source)}
    assert asked == set(SERVICES)


def test_clients_have_the_handlers_of_the_vendor(aws_credentials: None) -> None:
    for _ in range(2):
        made = client(AwsSettings("us-east-1", "http://127.0.0.1:1"), "s3", max_attempts=1)
        with pytest.raises(vendor.ParamValidationError, match="Invalid bucket name"):
            made.get_object(Bucket="not a bucket", Key="key")
