"""Lambda, against an emulated AWS that really runs the code, and against scripted errors."""

import base64
import hashlib
import io
import json
import uuid
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.gateways.lambda_functions import LambdaFunctions

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

ROLE = "arn:aws:iam::123456789012:role/function"
HANDLER = "def handler(event, context):\n    print('asked', event)\n    return {body}\n"
FAILS = "def handler(event, context):\n    raise ValueError('no such customer')\n"


@dataclass(frozen=True)
class Package:
    key: str
    code_sha256: str


@dataclass(frozen=True)
class World:
    """One function named `name`, with alias `live` on version 1, and the bucket of its packages."""

    s3: "S3Client"
    functions: LambdaFunctions
    vendor: "LambdaClient"
    name: str

    def package(self, source: str) -> Package:
        content = zipped(source)
        digest = hashlib.sha256(content)
        key = f"{digest.hexdigest()}.zip"
        self.s3.put_object(Bucket=self.name, Key=key, Body=content)
        return Package(key, base64.b64encode(digest.digest()).decode())

    def publish(self, package: Package) -> str:
        published = self.functions.publish(
            self.name, bucket=self.name, key=package.key, code_sha256=package.code_sha256, description="a commit"
        )
        assert published.code_sha256 == package.code_sha256
        return published.version


def zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handler.py", (2020, 1, 1, 0, 0, 0)), source)
    return buffer.getvalue()


@pytest.fixture
def world(aws: AwsSettings) -> World:
    name = f"function-{uuid.uuid4().hex[:8]}"
    s3 = boto3.client("s3", region_name=aws.region, endpoint_url=aws.endpoint_url)
    s3.create_bucket(Bucket=name)
    vendor = boto3.client("lambda", region_name=aws.region, endpoint_url=aws.endpoint_url)
    vendor.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": zipped(HANDLER.format(body="{'statusCode': 200, 'body': 'one'}"))},
        Publish=True,
    )
    vendor.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return World(s3, LambdaFunctions(aws, SystemClock()), vendor, name)


@pytest.mark.real
def test_publish_makes_a_version_once(world: World) -> None:
    package = world.package(HANDLER.format(body="{'statusCode': 201, 'body': 'two'}"))
    assert world.publish(package) == "2"
    assert world.publish(package) == "2"
    back = world.package(HANDLER.format(body="{'statusCode': 200, 'body': 'one'}"))
    assert world.publish(back) == "3"


@pytest.mark.real
def test_a_version_is_current_until_code_or_settings_change(world: World) -> None:
    package, other = world.package(HANDLER.format(body="{'a': 1}")), world.package(HANDLER.format(body="{'a': 2}"))
    version = world.publish(package)
    assert world.functions.is_current(world.name, version, package.code_sha256)
    assert not world.functions.is_current(world.name, version, other.code_sha256)
    assert not world.functions.is_current(world.name, "99", package.code_sha256)
    world.vendor.update_function_configuration(FunctionName=world.name, Timeout=77)
    assert not world.functions.is_current(world.name, version, package.code_sha256)
    newer = world.publish(other)
    assert world.functions.is_current(world.name, newer, other.code_sha256)
    assert not world.functions.is_current(world.name, version, package.code_sha256)


@pytest.mark.real
def test_publish_a_package_that_is_not_what_was_said(world: World) -> None:
    package = world.package(HANDLER.format(body="{}"))
    with pytest.raises(DeployError, match="should be AAAA"):
        world.publish(Package(package.key, "AAAA"))


@pytest.mark.real
def test_move_alias_gives_one_version_all_the_traffic(world: World) -> None:
    version = world.publish(world.package(HANDLER.format(body="{'statusCode': 201, 'body': 'two'}")))
    world.vendor.update_alias(
        FunctionName=world.name, Name="live", RoutingConfig={"AdditionalVersionWeights": {version: 0.1}}
    )
    canary = world.functions.alias(world.name, "live")
    assert (canary.version, canary.routing) == ("1", {version: 0.1})
    moved = world.functions.move_alias(world.name, "live", version=version, revision_id=canary.revision_id)
    assert moved == AliasState(version, moved.revision_id, {})
    assert world.functions.alias(world.name, "live") == moved
    answer = world.functions.invoke(world.name, "live", {"test": True})
    assert (answer.status_code, answer.error, answer.executed_version) == (201, None, version)
    assert json.loads(answer.payload) == {"statusCode": 201, "body": "two"}


@pytest.mark.real
def test_move_alias_that_someone_else_moved(world: World) -> None:
    seen = world.functions.alias(world.name, "live")
    world.vendor.update_alias(FunctionName=world.name, Name="live", Description="by hand")
    with pytest.raises(DeployError, match="someone else changed it") as refused:
        world.functions.move_alias(world.name, "live", version="1", revision_id=seen.revision_id)
    assert not refused.value.retryable


@pytest.mark.real
def test_invoke_a_function_that_fails(world: World) -> None:
    version = world.publish(world.package(FAILS))
    answer = world.functions.invoke(world.name, version, {})
    assert answer.error is not None
    assert answer.error.endswith(": no such customer")
    assert answer.executed_version == version


@pytest.mark.real
def test_missing_function_teaches(world: World) -> None:
    for call in (
        lambda: world.functions.alias("no-such-function", "live"),
        lambda: world.functions.invoke("no-such-function", "live", {}),
        lambda: world.functions.publish("no-such-function", bucket="b", key="k", code_sha256="c", description=""),
    ):
        with pytest.raises(DeployError, match="terraform apply creates it"):
            call()
