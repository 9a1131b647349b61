"""ECS services through boto3. The interface is `services`."""

import math
from functools import cached_property
from typing import TYPE_CHECKING, cast

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings, client, translated
from deploy_pipeline.gateways.services import RunningTask, Services, ServiceState, TaskDefinition

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.literals import DesiredStatusType
    from mypy_boto3_ecs.type_defs import ContainerTypeDef, ServiceTypeDef, TaskTypeDef

TASKS_PER_CALL = 100
TERRAFORM_TODO = "terraform apply creates it; is it in the stack, and is its name in deploy.yaml right?"
LESSONS = {
    "ClusterNotFoundException": TERRAFORM_TODO,
    "ServiceNotFoundException": TERRAFORM_TODO,
    "ServiceNotActiveException": TERRAFORM_TODO,
}


class EcsServices(Services):
    """The services of the account and region in `settings`.

    A change is never repeated by botocore: sent again after the environment has another holder, it would be refused by
    nobody.
    """

    def __init__(self, settings: AwsSettings) -> None:
        self._ecs: ECSClient = client(settings, "ecs")
        self._settings = settings

    @cached_property
    def _once(self) -> "ECSClient":
        return cast("ECSClient", client(self._settings, "ecs", max_attempts=1))

    def state(self, cluster: str, service: str) -> ServiceState:
        where = f"ECS service {cluster}/{service}"
        with translated(where, lessons=LESSONS):
            answer = self._ecs.describe_services(cluster=cluster, services=[service])
        found = [each for each in answer["services"] if each.get("status") == "ACTIVE"]
        if not found:
            raise DeployError("there is no such active service", where=where, todo=TERRAFORM_TODO)
        return _state(found[0])

    def latest_task_definition(self, family: str) -> TaskDefinition:
        with translated(f"ECS task family {family}", lessons={"ClientException": TERRAFORM_TODO}):
            # A bare family name means its newest ACTIVE revision.
            found = self._ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
        containers = found["containerDefinitions"]
        return TaskDefinition(found["taskDefinitionArn"], {each["name"]: each["image"] for each in containers})

    def update(self, cluster: str, service: str, task_definition: str, desired: int | None = None) -> None:
        with translated(f"ECS service {cluster}/{service}", lessons=LESSONS):
            if desired is None:
                self._once.update_service(cluster=cluster, service=service, taskDefinition=task_definition)
            else:
                self._once.update_service(
                    cluster=cluster, service=service, taskDefinition=task_definition, desiredCount=desired
                )

    def scale(self, cluster: str, service: str, desired: int) -> None:
        with translated(f"ECS service {cluster}/{service}", lessons=LESSONS):
            self._once.update_service(cluster=cluster, service=service, desiredCount=desired)

    def tasks(self, cluster: str, service: str) -> tuple[RunningTask, ...]:
        return tuple(_task(task) for task in self._tasks(cluster, service, "RUNNING"))

    def stopped_tasks(self, cluster: str, service: str, task_definition: str) -> tuple[RunningTask, ...]:
        stopped = self._tasks(cluster, service, "STOPPED")
        mine = [task for task in stopped if task["taskDefinitionArn"] == task_definition]
        return tuple(_task(task) for task in sorted(mine, key=_stopped_at, reverse=True))

    def _tasks(self, cluster: str, service: str, status: "DesiredStatusType") -> "list[TaskTypeDef]":
        found: list[TaskTypeDef] = []
        with translated(f"ECS service {cluster}/{service}", lessons=LESSONS):
            pages = self._ecs.get_paginator("list_tasks").paginate(
                cluster=cluster,
                serviceName=service,
                desiredStatus=status,
                PaginationConfig={"PageSize": TASKS_PER_CALL},
            )
            for page in pages:
                if arns := page["taskArns"]:
                    found += self._ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        return found


def _state(service: "ServiceTypeDef") -> ServiceState:
    primary = next((each for each in service.get("deployments", []) if each.get("status") == "PRIMARY"), None)
    return ServiceState(
        task_definition=(primary or {}).get("taskDefinition") or service["taskDefinition"],
        desired=service["desiredCount"],
        running=service["runningCount"],
        pending=service["pendingCount"],
        rollout_state=(primary or {}).get("rolloutState", ""),
        rollout_reason=(primary or {}).get("rolloutStateReason", ""),
    )


def _task(task: "TaskTypeDef") -> RunningTask:
    return RunningTask(
        arn=task["taskArn"],
        task_definition=task["taskDefinitionArn"],
        status=task["lastStatus"],
        health=task.get("healthStatus", "UNKNOWN"),
        address=_address(task),
        stopped_reason=_stopped_reason(task),
    )


def _stopped_at(task: "TaskTypeDef") -> float:
    """Seconds since the epoch; a task that is still going down comes first when the newest do."""
    stopped_at = task.get("stoppedAt")
    return stopped_at.timestamp() if stopped_at else math.inf


def _address(task: "TaskTypeDef") -> str | None:
    """An awsvpc task has its address on its network interface; the containers repeat it."""
    details = [detail for each in task.get("attachments", []) for detail in each.get("details", [])]
    attached = [detail["value"] for detail in details if detail.get("name") == "privateIPv4Address"]
    interfaces = [each for container in task.get("containers", []) for each in container.get("networkInterfaces", [])]
    addresses = attached + [each["privateIpv4Address"] for each in interfaces if "privateIpv4Address" in each]
    return addresses[0] if addresses else None


def _stopped_reason(task: "TaskTypeDef") -> str:
    containers = (_container_end(container) for container in task.get("containers", []))
    return "; ".join(part for part in (task.get("stoppedReason", ""), *containers) if part)


def _container_end(container: "ContainerTypeDef") -> str:
    ended = []
    if container.get("exitCode") is not None:
        ended.append(f"exit code {container['exitCode']}")
    if reason := container.get("reason"):
        ended.append(reason)
    return f"container {container['name']}: {', '.join(ended)}" if ended else ""
