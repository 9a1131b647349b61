"""The deployment spec: frozen models of `deploy.yaml`. Shapes and defaults only; reading a file is `spec_loader`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _inside_repository(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("must not leave the repository ('..' is not allowed)")
    return path


Severity = Literal["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
RelativePath = Annotated[str, Field(pattern=r"^[^/]"), AfterValidator(_inside_repository)]
HttpPath = Annotated[str, Field(pattern=r"^/\S*$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class SpecModel(BaseModel):
    """Every part of the spec is immutable, and an unknown key in it is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RepositorySpec(SpecModel):
    """The GitHub repository and the branch whose merges are deployed."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$", description="owner/name on GitHub")]
    branch: str = "main"


class AwsSpec(SpecModel):
    """Where the pipeline keeps what it makes."""

    region: str
    artifact_bucket: Annotated[str, Field(description="S3 bucket for function packages, Terraform plans and reports")]
    ledger_bucket: Annotated[str, Field(description="S3 bucket for the record of deployments and releases")]


class ImageSpec(SpecModel):
    """A container image: built from `context`, pushed to the ECR repository `repository`."""

    repository: str
    context: RelativePath
    dockerfile: Annotated[RelativePath, Field(description="relative to the context")] = "Dockerfile"
    build_args: dict[str, str] = {}


class IgnoredVulnerability(SpecModel):
    """A finding that a person decided to accept, and why."""

    id: str
    reason: Annotated[str, Field(min_length=1)]


class ScanSpec(SpecModel):
    """Which findings of the image scanner stop a deployment."""

    block_severities: tuple[Severity, ...] = ("CRITICAL", "HIGH")
    ignore_unfixed: Annotated[bool, Field(description="a finding without a fix does not block")] = True
    ignore: tuple[IgnoredVulnerability, ...] = ()


class FunctionSpec(SpecModel):
    """A Lambda function, published from the folder `source` and reached through `alias`."""

    function_name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9-_]{1,64}$")]
    source: RelativePath
    handler: str = "handler.handler"
    runtime: str = "python3.11"
    alias: str = "live"


class LoadBalancerSpec(SpecModel):
    """The load balancer in front of a service: two listeners, two target groups."""

    name: str
    production_port: Port = 80
    test_port: Port
    blue_target_group: str
    green_target_group: str


class ServiceSpec(SpecModel):
    """An ECS service that runs `image` and is healthy when `health_path` answers 200 on every task."""

    cluster: str
    service: str
    task_family: str
    container: str
    image: Name
    port: Port
    health_path: HttpPath = "/health"
    load_balancer: LoadBalancerSpec | None = None
    stable_within_seconds: Annotated[int, Field(ge=10, le=3600)] = 300


class BackendSpec(SpecModel):
    """The S3 backend that holds a Terraform stack's state."""

    bucket: str
    key: str
    region: str


class TerraformSpec(SpecModel):
    """A Terraform root module and the variables that the pipeline feeds it."""

    directory: RelativePath
    backend: BackendSpec
    image_variable: Annotated[str | None, Field(description="variable that takes a map of image name to URI@digest")] = None
    package_variable: Annotated[str | None, Field(description="variable that takes a map of function name to S3 key")] = None
    variables: dict[str, str | int | bool] = {}


class Expectation(SpecModel):
    """What an answer must be for a smoke test to pass."""

    status_code: int = 200
    body_contains: str | None = None


class FunctionSmokeTest(SpecModel):
    """Invoke a function through its alias."""

    kind: Literal["function"]
    name: str
    function: Name
    payload: dict[str, Any] = {}
    expect: Expectation = Expectation()


class HttpSmokeTest(SpecModel):
    """Call a URL that is an output of a Terraform stack, with an API key where one is named."""

    kind: Literal["http"]
    name: str
    stack: Name
    url_output: str
    path: HttpPath
    method: Literal["GET", "POST"] = "GET"
    api_key_output: Annotated[str | None, Field(description="output with the id (not the value) of an API Gateway key")] = None
    expect: Expectation = Expectation()


class KnowledgeBaseSmokeTest(SpecModel):
    """Retrieve from a Bedrock knowledge base; it must answer, with at least `minimum_results` passages."""

    kind: Literal["knowledge_base"]
    name: str
    stack: Name
    id_output: str
    query: str
    minimum_results: Annotated[int, Field(ge=0)] = 0


class ServiceSmokeTest(SpecModel):
    """Call a path on every running task of a service."""

    kind: Literal["service"]
    name: str
    service: Name
    path: HttpPath
    expect: Expectation = Expectation()


SmokeTest = Annotated[
    FunctionSmokeTest | HttpSmokeTest | KnowledgeBaseSmokeTest | ServiceSmokeTest, Field(discriminator="kind")
]


class SlackSpec(SpecModel):
    """The Slack channel that hears of deployments."""

    channel: str


class EmailSpec(SpecModel):
    """The people who hear of deployments by mail, through SES."""

    sender: str
    recipients: Annotated[tuple[str, ...], Field(min_length=1)]


class NotificationsSpec(SpecModel):
    """Who is told how a deployment ended."""

    slack: SlackSpec | None = None
    email: EmailSpec | None = None


class NightlySpec(SpecModel):
    """When the end-to-end checks run against what is live."""

    cron: str = "0 2 * * *"
    timezone: str = "UTC"
    enabled: bool = True


class Spec(SpecModel):
    """The whole of `deploy.yaml`."""

    version: Literal[1]
    environment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
    repository: RepositorySpec
    aws: AwsSpec
    images: dict[Name, ImageSpec] = {}
    scan: ScanSpec = ScanSpec()
    functions: dict[Name, FunctionSpec] = {}
    services: dict[Name, ServiceSpec] = {}
    terraform: dict[Name, TerraformSpec] = {}
    smoke_tests: tuple[SmokeTest, ...] = ()
    notifications: NotificationsSpec = NotificationsSpec()
    nightly_e2e: NightlySpec = NightlySpec()
