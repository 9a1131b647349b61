"""CloudWatch, against an emulated AWS with metrics that are put there, and against scripted answers."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.analysis.measurements import MINUTE, Window
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.cloudwatch import MOST_QUERIES, CloudWatch
from deploy_pipeline.gateways.metrics import Alarm, MetricQuery

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

pytestmark = pytest.mark.usefixtures("aws_credentials")
BEGIN = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
WINDOW = Window(BEGIN, BEGIN + 3 * MINUTE)


def query(function: str, name: str = "Invocations", statistic: str = "Sum", version: str = "2") -> MetricQuery:
    dimensions = {"FunctionName": function, "Resource": f"{function}:live", "ExecutedVersion": version}
    return MetricQuery("AWS/Lambda", name, statistic, dimensions)


@pytest.fixture
def vendor(aws: AwsSettings) -> "CloudWatchClient":
    return boto3.client("cloudwatch", region_name=aws.region, endpoint_url=aws.endpoint_url)


def put(vendor: "CloudWatchClient", asked: MetricQuery, values: Sequence[float], minute: int = 0) -> None:
    dimensions: list[Any] = [{"Name": name, "Value": value} for name, value in asked.dimensions.items()]
    data: list[Any] = [
        {"MetricName": asked.name, "Dimensions": dimensions, "Timestamp": BEGIN + minute * MINUTE, "Value": value}
        for value in values
    ]
    vendor.put_metric_data(Namespace=asked.namespace, MetricData=data)


def test_each_minute_of_each_version_is_read(aws: AwsSettings, vendor: "CloudWatchClient") -> None:
    name = f"f-{uuid.uuid4().hex[:8]}"
    put(vendor, query(name), [40, 20], minute=0)
    put(vendor, query(name), [30], minute=2)
    put(vendor, query(name), [99], minute=3)  # after the window
    put(vendor, query(name, version="1"), [540], minute=0)
    put(vendor, query(name, "Duration", "p99"), [10.0] * 50 + [200.0] * 50, minute=1)
    asked = {"new": query(name), "old": query(name, version="1"), "p99": query(name, "Duration", "p99")}
    found = CloudWatch(aws).read(asked, WINDOW)
    assert list(zip(found["new"].times, found["new"].values, strict=True)) == [
        (BEGIN, 60.0),
        (BEGIN + 2 * MINUTE, 30.0),
    ]
    assert list(found["old"].values) == [540.0]
    (slow,) = found["p99"].values
    assert 190 <= slow <= 200
    assert all(points.whole for points in found.values())


def test_a_metric_without_data_has_no_points(aws: AwsSettings) -> None:
    found = CloudWatch(aws).read({"new": query("nobody")}, WINDOW)["new"]
    assert (list(found.times), list(found.values), found.whole) == ([], [], True)


def test_versions_with_traffic_of_their_own(aws: AwsSettings, vendor: "CloudWatchClient") -> None:
    name = f"f-{uuid.uuid4().hex[:8]}"
    for version in ("7", "12"):
        put(vendor, query(name, version=version), [1])
    put(vendor, MetricQuery("AWS/Lambda", "Invocations", "Sum", {"FunctionName": name}), [1])
    assert CloudWatch(aws).versions(name, f"{name}:live") == ("12", "7")


def scripted(*answers: dict[str, Any], operation: str = "get_metric_data") -> CloudWatch:
    """A gateway that gets these answers, one after the other."""
    gateway = CloudWatch(AwsSettings("us-east-1", "http://127.0.0.1:9"))
    stubber = Stubber(gateway._cloudwatch)
    for answer in answers:
        stubber.add_response(operation, answer)
    stubber.activate()
    return gateway


def result(number: int, values: Sequence[float], status: str = "Complete", **more: Any) -> dict[str, Any]:
    times = [BEGIN + at * MINUTE for at in range(len(values))]
    return {"Id": f"m{number}", "Timestamps": times, "Values": list(values), "StatusCode": status, **more}


@pytest.mark.parametrize(
    ("pages", "values", "whole"),
    [
        ([[result(0, [1.0], "PartialData")], [result(0, [2.0])]], [1.0, 2.0], True),
        ([[result(0, [1.0], "PartialData")]], [1.0], False),
        ([[result(0, [1.0], "InternalError")]], [1.0], False),
        ([[result(0, [1.0], "Forbidden")]], [1.0], False),
        ([[result(0, [1.0], Messages=[{"Code": "ArithmeticError", "Value": "x"}])]], [1.0], False),
        ([[]], [], False),
    ],
)
def test_an_answer_with_a_part_of_the_data_is_not_whole(
    pages: list[list[dict[str, Any]]], values: list[float], whole: bool
) -> None:
    tokens: list[dict[str, Any]] = [{"NextToken": "more"}] * (len(pages) - 1) + [{}]
    answers = [{"MetricDataResults": page, **token} for page, token in zip(pages, tokens, strict=True)]
    found = scripted(*answers).read({"new": query("f")}, WINDOW)["new"]
    assert (list(found.values), found.whole) == (values, whole)


def test_more_metrics_than_one_call_takes() -> None:
    first = [result(number, [1.0]) for number in range(MOST_QUERIES)]
    asked = {f"q{number}": query("f") for number in range(MOST_QUERIES + 1)}
    found = scripted({"MetricDataResults": first}, {"MetricDataResults": [result(MOST_QUERIES, [5.0])]}).read(
        asked, WINDOW
    )
    assert (len(found), list(found[f"q{MOST_QUERIES}"].values)) == (MOST_QUERIES + 1, [5.0])


def test_alarms_that_fire_have_the_dimensions_of_all_their_metrics() -> None:
    plain = {"AlarmName": "errors", "StateReason": "5 > 1", "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "g"}]}
    parts = [
        {"Id": "e", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
        {"Id": "r", "Expression": "e / 2"},
    ]
    answer = {"MetricAlarms": [plain, {"AlarmName": "rate", "Metrics": parts}]}
    assert scripted(answer, operation="describe_alarms").firing() == (
        Alarm("errors", "5 > 1", (("FunctionName", "f"),)),
        Alarm("rate", "", (("FunctionName", "g"),)),
    )


def test_a_role_that_may_not_read_is_told_so() -> None:
    gateway = CloudWatch(AwsSettings("us-east-1", "http://127.0.0.1:9"))
    stubber = Stubber(gateway._cloudwatch)
    stubber.add_client_error("get_metric_data", "AccessDenied", "not authorized")
    stubber.activate()
    with pytest.raises(DeployError, match="allow the pipeline's role the action behind GetMetricData"):
        gateway.read({"new": query("f")}, WINDOW)
