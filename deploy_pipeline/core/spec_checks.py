"""The parts of the spec that say what is checked, when, and who is told. Import them from `spec`."""

from typing import Annotated, Any, Literal

from pydantic import Field

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.spec_types import HttpPath, Name, SpecModel, Table, TestName, Text


class Expectation(SpecModel):
    """What an answer must be for a smoke test to pass."""

    status_code: Annotated[int, Field(ge=100, le=599)] = 200
    """HTTP status of the answer"""
    body_contains: str | None = None
    """text that the body of the answer contains"""


class FunctionSmokeTest(SpecModel):
    """Invoke a function through its alias."""

    kind: Literal["function"]
    """what is called: here a function"""
    name: TestName
    """name in reports"""
    function: Name
    """key of the function under `functions`"""
    payload: Table[str, Any] = types.EMPTY
    """event that the function is invoked with"""
    expect: Expectation = Expectation()
    """what the answer must be"""


class HttpSmokeTest(SpecModel):
    """Call a URL that is an output of a Terraform stack, with an API key where one is named."""

    kind: Literal["http"]
    """what is called: here a URL"""
    name: TestName
    """name in reports"""
    stack: Name
    """key of the Terraform stack under `terraform`"""
    url_output: types.TerraformName
    """output of the stack with the URL"""
    path: HttpPath
    """path that is added to the URL"""
    method: Literal["GET", "POST"] = "GET"
    """HTTP method"""
    api_key_output: types.TerraformName | None = None
    """output with the id (not the value) of an API Gateway key"""
    expect: Expectation = Expectation()
    """what the answer must be"""


class KnowledgeBaseSmokeTest(SpecModel):
    """Retrieve from a Bedrock knowledge base; it must answer, with at least `minimum_results` passages."""

    kind: Literal["knowledge_base"]
    """what is called: here a knowledge base"""
    name: TestName
    """name in reports"""
    stack: Name
    """key of the Terraform stack under `terraform`"""
    id_output: types.TerraformName
    """output of the stack with the id of the knowledge base"""
    query: Text
    """what is asked"""
    minimum_results: Annotated[int, Field(ge=0)] = 0
    """passages that must come back at least"""


class ServiceSmokeTest(SpecModel):
    """Call a path on every running task of a service."""

    kind: Literal["service"]
    """what is called: here a service"""
    name: TestName
    """name in reports"""
    service: Name
    """key of the service under `services`"""
    path: HttpPath
    """path that is called"""
    expect: Expectation = Expectation()
    """what the answer must be"""


SmokeTest = Annotated[
    FunctionSmokeTest | HttpSmokeTest | KnowledgeBaseSmokeTest | ServiceSmokeTest, Field(discriminator="kind")
]


class SlackSpec(SpecModel):
    """The Slack channel that hears of deployments."""

    channel: types.Channel
    """channel, by name or id"""


class EmailSpec(SpecModel):
    """The people who hear of deployments by mail, through SES."""

    sender: types.Email
    """address that SES sends from"""
    recipients: Annotated[tuple[types.Email, ...], Field(min_length=1)]
    """addresses that hear of deployments"""


class NotificationsSpec(SpecModel):
    """Who is told how a deployment ended."""

    slack: SlackSpec | None = None
    """Slack, where a channel hears of deployments"""
    email: EmailSpec | None = None
    """mail, where people hear of deployments"""


class NightlySpec(SpecModel):
    """When the end-to-end checks run against what is live."""

    cron: types.Cron = "0 2 * * *"
    """cron expression of five fields"""
    timezone: types.Timezone = "UTC"
    """time zone of the cron expression"""
    enabled: bool = True
    """whether they run at all"""
