"""The traffic of one function: real calls of each version behind its alias, and CloudWatch's metrics of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

from deploy_pipeline.sandbox.traffic.load import Called, Fault, Minute, divided, measured, weights_of

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDatumTypeDef
    from mypy_boto3_lambda import LambdaClient

NAMESPACE = "AWS/Lambda"
CALLS = 4
"""Real calls of each version in a minute in which there are two; each stands for its part of the requests."""


@dataclass(frozen=True)
class FunctionLoad:
    """The requests to a function's alias: `event`, with a number as its `traffic`."""

    function_name: str
    alias: str
    event: Mapping[str, Any]


@dataclass
class FunctionTraffic:
    """Sends one minute after another. `random` divides the requests."""

    functions: "LambdaClient"
    cloudwatch: "CloudWatchClient"
    load: FunctionLoad
    random: Random
    sent: int = field(default=0)

    def minute(self, at: datetime, requests: int, faults: Mapping[str, Fault]) -> None:
        """The requests of one minute, which began at `at`. `faults` are by version."""
        if not requests:
            return
        name = self.load.function_name
        alias = self.functions.get_alias(FunctionName=name, Name=self.load.alias)
        routing = dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})
        weights = weights_of(alias["FunctionVersion"], routing)
        found = {
            version: measured(
                part, self._calls(version, CALLS if routing else 1), faults.get(version, Fault()), self.random
            )
            for version, part in divided(requests, weights, self.random).items()
        }
        # As AWS: versions are told apart only while the alias divides its traffic.
        data = [each for version, seen in found.items() for each in self._data(at, version if routing else "", seen)]
        if data:
            self.cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def _calls(self, version: str, number: int) -> list[Called]:
        return [self._call(version) for _ in range(number)]

    def _call(self, version: str) -> Called:
        self.sent += 1
        event, began = {**self.load.event, "traffic": self.sent}, perf_counter()
        answer = self.functions.invoke(
            FunctionName=self.load.function_name, Qualifier=version, Payload=json.dumps(event).encode()
        )
        answer["Payload"].read()
        return Called((perf_counter() - began) * 1000, "FunctionError" in answer)

    def _data(self, at: datetime, version: str, seen: Minute) -> "list[MetricDatumTypeDef]":
        dimensions = {
            "FunctionName": self.load.function_name,
            "Resource": f"{self.load.function_name}:{self.load.alias}",
        }
        if version:
            dimensions["ExecutedVersion"] = version
        named: list[DimensionTypeDef] = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        values = [("Invocations", float(seen.requests)), ("Errors", float(seen.errors))]
        values += [("Duration", duration) for duration in seen.durations] if seen.requests else []
        data: list[MetricDatumTypeDef] = []
        for metric, amount in values:
            data.append({"MetricName": metric, "Dimensions": named, "Timestamp": at, "Value": amount})
        return data
