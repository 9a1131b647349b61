"""Metrics through CloudWatch. The interface is `metrics`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deploy_pipeline.core.analysis.measurements import Points, Window
from deploy_pipeline.gateways.aws import AwsSettings, client, translated
from deploy_pipeline.gateways.metrics import Alarm, MetricQuery, Metrics

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import (
        DimensionFilterTypeDef,
        DimensionTypeDef,
        MetricAlarmTypeDef,
        MetricDataQueryTypeDef,
        MetricDataResultTypeDef,
        MetricTypeDef,
    )

MINUTE_SECONDS = 60
WHOLE = "Complete"
MOST_QUERIES = 500
"""AWS takes so many in one call."""
VERSION = "ExecutedVersion"


class CloudWatch(Metrics):
    """The metrics of the account and region in `settings`."""

    def __init__(self, settings: AwsSettings) -> None:
        self._cloudwatch: CloudWatchClient = client(settings, "cloudwatch")

    def read(self, queries: Mapping[str, MetricQuery], window: Window) -> dict[str, Points]:
        found: dict[str, list[MetricDataResultTypeDef]] = {each: [] for each in queries}
        numbered = {f"m{number}": each for number, each in enumerate(queries)}
        asked = [_asked(number, queries[each]) for number, each in numbered.items()]
        for first in range(0, len(asked), MOST_QUERIES):
            for result in self._results(asked[first : first + MOST_QUERIES], window):
                found[numbered[result["Id"]]].append(result)
        return {each: _points(queries[each], parts) for each, parts in found.items()}

    def _results(self, asked: "list[MetricDataQueryTypeDef]", window: Window) -> "Iterator[MetricDataResultTypeDef]":
        with translated("CloudWatch"):
            pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=asked, StartTime=window.start, EndTime=window.end, ScanBy="TimestampAscending"
            )
            for page in pages:
                yield from page["MetricDataResults"]

    def firing(self) -> tuple[Alarm, ...]:
        with translated("CloudWatch"):
            pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
                StateValue="ALARM", AlarmTypes=["MetricAlarm"]
            )
            return tuple(_alarm(each) for page in pages for each in page.get("MetricAlarms", []))

    def versions(self, function_name: str, resource: str) -> tuple[str, ...]:
        wanted: list[DimensionFilterTypeDef] = [
            {"Name": "FunctionName", "Value": function_name},
            {"Name": "Resource", "Value": resource},
            {"Name": VERSION},
        ]
        with translated("CloudWatch"):
            pages = self._cloudwatch.get_paginator("list_metrics").paginate(
                Namespace="AWS/Lambda", MetricName="Invocations", Dimensions=wanted
            )
            named = [each.get("Dimensions", []) for page in pages for each in page["Metrics"]]
        return tuple(sorted({one["Value"] for dimensions in named for one in dimensions if one["Name"] == VERSION}))


def _alarm(found: "MetricAlarmTypeDef") -> Alarm:
    """An alarm on one metric names its dimensions itself, one on an expression those of its parts."""
    parts = [found, *(query.get("MetricStat", {}).get("Metric", {}) for query in found.get("Metrics", []))]
    dimensions = {(one["Name"], one["Value"]) for part in parts for one in part.get("Dimensions", [])}
    return Alarm(found["AlarmName"], found.get("StateReason", ""), tuple(sorted(dimensions)))


def _asked(number: str, query: MetricQuery) -> "MetricDataQueryTypeDef":
    dimensions: list[DimensionTypeDef] = [{"Name": name, "Value": value} for name, value in query.dimensions.items()]
    metric: MetricTypeDef = {"Namespace": query.namespace, "MetricName": query.name, "Dimensions": dimensions}
    return {"Id": number, "MetricStat": {"Metric": metric, "Period": MINUTE_SECONDS, "Stat": query.statistic}}


def _points(query: MetricQuery, parts: "list[MetricDataResultTypeDef]") -> Points:
    """A metric's pages in one. The last page says whether it is complete; one that was never answered is not."""
    return Points(
        query.name,
        [at for part in parts for at in part.get("Timestamps", [])],
        [value for part in parts for value in part.get("Values", [])],
        bool(parts) and parts[-1].get("StatusCode") == WHOLE and not any(part.get("Messages") for part in parts),
    )
