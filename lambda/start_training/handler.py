"""Starts the training task on ECS Fargate and answers its ARN. It does not wait for the task, nor judge the model."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ContainerOverrideTypeDef, NetworkConfigurationTypeDef

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class TrainingError(RuntimeError):
    """The task could not be started, or would not start; the message says what is missing."""


@dataclass(frozen=True)
class Settings:
    """Where the training task runs; an empty list of subnets is allowed only for a test."""

    cluster: str
    task_definition: str
    container: str
    subnets: list[str]
    security_groups: list[str]
    assign_public_ip: bool


def split_list(value: str) -> list[str]:
    """Split at commas, without blanks."""
    return [part.strip() for part in value.split(",") if part.strip()]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read ECS_CLUSTER, TASK_DEFINITION, CONTAINER_NAME, SUBNETS, SECURITY_GROUPS and ASSIGN_PUBLIC_IP."""
    missing = [name for name in ("ECS_CLUSTER", "TASK_DEFINITION") if not environment.get(name)]
    if missing:
        raise TrainingError(f"{' and '.join(missing)} not set")
    return Settings(
        environment["ECS_CLUSTER"],
        environment["TASK_DEFINITION"],
        environment.get("CONTAINER_NAME") or "training",
        split_list(environment.get("SUBNETS", "")),
        split_list(environment.get("SECURITY_GROUPS", "")),
        environment.get("ASSIGN_PUBLIC_IP", "").upper() == "ENABLED",
    )


def check_cluster(ecs: "ECSClient", settings: Settings) -> str:
    """Answer the cluster's ARN; raises TrainingError unless it exists and is ACTIVE."""
    clusters = ecs.describe_clusters(clusters=[settings.cluster])["clusters"]
    if not clusters:
        raise TrainingError(f"cluster {settings.cluster} does not exist")
    if clusters[0].get("status") != "ACTIVE":
        raise TrainingError(f"cluster {settings.cluster} is {clusters[0].get('status')}, not ACTIVE")
    return clusters[0]["clusterArn"]


def check_task_definition(ecs: "ECSClient", settings: Settings) -> str:
    """Answer the task definition's ARN; raises TrainingError unless it is ACTIVE and has the container.

    One that does not exist at all is ECS's own ClientException.
    """
    definition = ecs.describe_task_definition(taskDefinition=settings.task_definition)["taskDefinition"]
    if definition.get("status") != "ACTIVE":
        raise TrainingError(f"task definition {settings.task_definition} is {definition.get('status')}, not ACTIVE")
    names = [container.get("name") for container in definition.get("containerDefinitions", [])]
    if settings.container not in names:
        raise TrainingError(f"{settings.task_definition} has no container {settings.container!r}, only {names}")
    return definition["taskDefinitionArn"]


def choose_run_id(event: Mapping[str, Any], context: Any) -> str:
    """The event's `run_id`, or the request id: Lambda repeats that on a retry, so a retry starts no second run."""
    run_id = str(event.get("run_id") or context.aws_request_id)
    if not RUN_ID.fullmatch(run_id):
        raise TrainingError(f"run_id {run_id!r} must be up to 64 letters, digits, dots, dashes and underscores")
    return run_id


def container_override(settings: Settings, run_id: str, features_key: str) -> "ContainerOverrideTypeDef":
    """The environment of this one run; without a features key the task takes the newest training rows."""
    variables = {"RUN_ID": run_id} | ({"FEATURES_KEY": features_key} if features_key else {})
    return {
        "name": settings.container,
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
    }


def network_configuration(settings: Settings) -> "NetworkConfigurationTypeDef":
    """Fargate tasks always have an interface of their own, so they need a subnet."""
    if not settings.subnets:
        raise TrainingError("SUBNETS is not set: a Fargate task needs at least one subnet")
    return {
        "awsvpcConfiguration": {
            "subnets": settings.subnets,
            "securityGroups": settings.security_groups,
            "assignPublicIp": "ENABLED" if settings.assign_public_ip else "DISABLED",
        }
    }


def run_training(ecs: "ECSClient", settings: Settings, run_id: str, features_key: str) -> str:
    """Start the task and answer its ARN; raises TrainingError with ECS's reasons, which RunTask answers with a 200."""
    answer = ecs.run_task(
        cluster=settings.cluster,
        taskDefinition=settings.task_definition,
        launchType="FARGATE",
        count=1,
        clientToken=run_id,
        startedBy="start_training",
        networkConfiguration=network_configuration(settings),
        overrides={"containerOverrides": [container_override(settings, run_id, features_key)]},
    )
    if answer.get("failures") or not answer.get("tasks"):
        reasons = "; ".join(f"{f.get('arn', '')} {f.get('reason', '')}" for f in answer.get("failures", []))
        raise TrainingError(f"the training task was not started: {reasons or 'ECS gave no reason'}")
    return answer["tasks"][0]["taskArn"]


def handler(event: dict[str, Any] | None, context: object) -> dict[str, Any]:
    """Start training; event: optional `run_id`, `features_key`. `{"test": true}` only checks that it could start.

    Answers statusCode 200 and a JSON body with `task_arn` and `run_id`, or with what was checked. Raises otherwise.
    """
    request = event or {}
    settings = read_settings(os.environ)
    ecs = boto3.client("ecs")
    if request.get("test"):
        checked = {"cluster": check_cluster(ecs, settings), "task_definition": check_task_definition(ecs, settings)}
        return {"statusCode": 200, "body": json.dumps({"status": "ready", **checked})}
    run_id = choose_run_id(request, context)
    task_arn = run_training(ecs, settings, run_id, str(request.get("features_key") or ""))
    return {"statusCode": 200, "body": json.dumps({"task_arn": task_arn, "run_id": run_id})}
