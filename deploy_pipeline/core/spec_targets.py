"""The parts of the spec that say what is deployed: images, functions, services, stacks. Import them from `spec`."""

from datetime import date
from typing import Annotated

from pydantic import Field

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.spec_types import HttpPath, Name, Port, RelativePath, Severity, SpecModel, Table, Text


class ImageSpec(SpecModel):
    """A container image: built from `context`, pushed to the ECR repository `repository`."""

    repository: types.EcrRepository
    """ECR repository, without registry and tag"""
    context: RelativePath
    """folder that is sent to the build"""
    dockerfile: RelativePath = "Dockerfile"
    """the Dockerfile, relative to the context"""
    build_args: Table[Text, str] = types.EMPTY
    """build arguments, by name"""


class IgnoredVulnerability(SpecModel):
    """A finding that a person decided to accept, why, and until when."""

    id: types.VulnerabilityId
    """id of the finding as Trivy prints it"""
    reason: Text
    """why it is acceptable"""
    until: date | None = None
    """last day (UTC) on which it is accepted; without it, for good"""


class ScanSpec(SpecModel):
    """Which findings of the image scanner stop a deployment."""

    block_severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = ("CRITICAL", "HIGH")
    """severities that stop a deployment"""
    ignore_unfixed: bool = True
    """a finding without a fix does not stop a deployment"""
    ignore: tuple[IgnoredVulnerability, ...] = ()
    """findings that are accepted one by one"""


class FunctionSpec(SpecModel):
    """A Lambda function, published from the folder `source` and reached through `alias`."""

    function_name: types.FunctionName
    """name of the function in Lambda"""
    source: RelativePath
    """folder with the code, and with requirements.txt where there are any"""
    handler: types.Handler = "handler.handler"
    """module.function that Lambda calls"""
    runtime: types.Runtime = "python3.11"
    """Lambda runtime"""
    alias: types.Alias = "live"
    """alias through which the function is called"""
    canary: bool = True
    """whether its traffic judges a new version; if not, for it is called too rarely, it moves with the others"""


class LoadBalancerSpec(SpecModel):
    """The load balancer in front of a service: two listeners, two target groups."""

    name: types.BalancerName
    """name of the application load balancer"""
    production_port: Port = 80
    """port of the listener that users reach"""
    test_port: Port
    """port of the listener that reaches a candidate before users do"""
    blue_target_group: types.BalancerName
    """name of one of the two target groups"""
    green_target_group: types.BalancerName
    """name of the other target group"""
    green_service: types.AwsName | None = None
    """second ECS service, behind the green target group (`service` is behind the blue one); without it, updates roll"""


class ServiceSpec(SpecModel):
    """An ECS service that runs `image` and is healthy when `health_path` answers 200 on every task."""

    cluster: types.AwsName
    """ECS cluster"""
    service: types.AwsName
    """name of the service in ECS"""
    task_family: types.AwsName
    """family of its task definitions"""
    container: types.AwsName
    """container of the task that runs the image"""
    image: Name
    """key of the image under `images`"""
    port: Port
    """port that the container listens on"""
    health_path: HttpPath = "/health"
    """path that answers 200 when a task is healthy"""
    load_balancer: LoadBalancerSpec | None = None
    """the load balancer, for a service that has one"""
    stable_within_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    """seconds after which an update that is not stable has failed"""


class BackendSpec(SpecModel):
    """The S3 backend that holds a Terraform stack's state."""

    bucket: types.Bucket
    """S3 bucket"""
    key: Text
    """key of the state in the bucket"""
    region: types.Region
    """AWS region of the bucket"""


class TerraformSpec(SpecModel):
    """A Terraform root module and the variables that the pipeline feeds it."""

    directory: RelativePath
    """folder of the root module"""
    backend: BackendSpec
    """where its state is kept"""
    image_variable: types.TerraformName | None = None
    """variable that takes a map of image name to URI with digest"""
    package_variable: types.TerraformName | None = None
    """variable that takes a map of function name to key in the artefact bucket"""
    variables: Table[types.TerraformName, types.TerraformValue] = types.EMPTY
    """values of further variables, by name"""
