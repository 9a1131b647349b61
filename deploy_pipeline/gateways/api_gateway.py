"""API Gateway: the value of an API key, and where an API is reached from this machine."""

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from deploy_pipeline.gateways.aws import AwsSettings, client, translated

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

INVOKE_URL = re.compile(r"https://(?P<api>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?P<path>/.*)?")
LESSONS = {"NotFoundException": "terraform apply creates the key; is the output in deploy.yaml the id of an API key?"}


class ApiGateway(ABC):
    """The REST APIs of one account and region."""

    @abstractmethod
    def key_value(self, key_id: str) -> str:
        """The secret value of an API key. Use it, never keep or log it."""

    @abstractmethod
    def reachable_url(self, invoke_url: str) -> str:
        """Where the API of this invoke URL answers: at the URL itself, except with a custom AWS endpoint."""


class AwsApiGateway(ApiGateway):
    """API Gateway in the account and region of `settings`."""

    def __init__(self, settings: AwsSettings) -> None:
        self._endpoint = settings.endpoint_url
        self._api_gateway: APIGatewayClient = client(settings, "apigateway")

    def key_value(self, key_id: str) -> str:
        with translated(f"API key {key_id}", lessons=LESSONS):
            return self._api_gateway.get_api_key(apiKey=key_id, includeValue=True)["value"]

    def reachable_url(self, invoke_url: str) -> str:
        found = INVOKE_URL.fullmatch(invoke_url)
        if not (self._endpoint and found):
            return invoke_url
        return f"{self._endpoint.rstrip('/')}/_aws/execute-api/{found['api']}{found['path'] or ''}"
