"""The sandbox's traffic: functions that an emulated AWS really runs, read back as the judge reads them."""

import io
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import boto3
import pytest

from deploy_pipeline.core.analysis.measurements import MINUTE, Measured, Window
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.cloudwatch import CloudWatch
from deploy_pipeline.rollout.evidence import FunctionEvidence, Versions
from deploy_pipeline.sandbox.traffic.functions import FunctionLoad, FunctionTraffic
from deploy_pipeline.sandbox.traffic.load import Fault

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

BEGIN = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
GOOD = "def handler(event, context):\n    return {'statusCode': 200, 'body': event['question']}\n"
BAD = "def handler(event, context):\n    raise KeyError(event['traffic'])\n"
MINUTES = 3


def zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", source)
    return buffer.getvalue()


@dataclass(frozen=True)
class World:
    """A function with the versions 1 (good) and 2, behind an alias on version 1, and its traffic."""

    aws: AwsSettings
    vendor: "LambdaClient"
    traffic: FunctionTraffic

    @property
    def name(self) -> str:
        return self.traffic.load.function_name

    def publish(self, source: str) -> None:
        self.vendor.update_function_code(FunctionName=self.name, ZipFile=zipped(source))
        self.vendor.get_waiter("function_updated_v2").wait(FunctionName=self.name)
        self.vendor.publish_version(FunctionName=self.name)

    def route(self, weights: Mapping[str, float]) -> None:
        self.vendor.update_alias(
            FunctionName=self.name,
            Name="live",
            FunctionVersion="1",
            RoutingConfig={"AdditionalVersionWeights": weights},
        )

    def sent(self, faults: Mapping[str, Fault] | None = None) -> Measured:
        """What is measured of some minutes of traffic."""
        for minute in range(MINUTES):
            self.traffic.minute(BEGIN + minute * MINUTE, 600, faults or {})
        evidence = FunctionEvidence(CloudWatch(self.aws), {"score": Versions(self.name, "live", "1", "2")})
        return evidence.read(Window(BEGIN, BEGIN + MINUTES * MINUTE))["score"]

    def alone(self) -> int:
        """The requests that are measured of the alias, not of one version."""
        evidence = FunctionEvidence(CloudWatch(self.aws), {"score": Versions(self.name, "live", "1", "2")})
        return evidence.traffic(Window(BEGIN, BEGIN + MINUTES * MINUTE))["score"].requests


@pytest.fixture
def world(aws: AwsSettings) -> World:
    name = f"traffic-{uuid.uuid4().hex[:8]}"
    vendor = boto3.client("lambda", region_name=aws.region, endpoint_url=aws.endpoint_url)
    vendor.create_function(
        FunctionName=name, Runtime="python3.11", Role="arn:aws:iam::123456789012:role/function",
        Handler="handler.handler", Code={"ZipFile": zipped(GOOD)}, Publish=True,
    )  # fmt: skip
    vendor.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    cloudwatch = boto3.client("cloudwatch", region_name=aws.region, endpoint_url=aws.endpoint_url)
    load = FunctionLoad(name, "live", {"question": "why?"})
    return World(aws, vendor, FunctionTraffic(vendor, cloudwatch, load, Random(1)))


def test_an_alias_on_one_version_has_metrics_of_its_own_alone(world: World) -> None:
    measured = world.sent()
    assert (measured.candidate.count.requests, measured.stable.count.requests) == (0, 0)
    assert world.alone() == MINUTES * 600


def test_requests_are_divided_and_failures_are_those_of_the_code(world: World) -> None:
    world.publish(BAD)
    world.route({"2": 0.1})
    measured = world.sent()
    candidate, stable = measured.candidate.count, measured.stable.count
    assert candidate.requests + stable.requests == MINUTES * 600
    assert 100 < candidate.requests < 300
    assert (candidate.rate, stable.rate) == (1.0, 0.0)
    assert len(measured.candidate.p99s) == MINUTES


def test_faults_are_added_to_one_version(world: World) -> None:
    world.publish(GOOD + "\n")
    world.route({"2": 0.5})
    measured = world.sent({"2": Fault(errors=0.2, milliseconds=5000)})
    assert 0.1 < measured.candidate.count.rate < 0.3
    assert measured.stable.count.errors == 0
    assert min(measured.candidate.p99s) > 5000 > max(measured.stable.p99s)
