"""ECS, against an emulated AWS that really runs containers, and against scripted answers."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.ecr import AwsEcr
from deploy_pipeline.gateways.ecs_services import EcsServices
from deploy_pipeline.gateways.services import TaskDefinition
from deploy_pipeline_tests.gateways.tiny_images import EXIT_CODE, make_image, push_image, remove_image

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

SECONDS = 60


@dataclass(frozen=True)
class World:
    """A service named `name` in the cluster `name`, on revision 1 of the family `name`: a container that stays."""

    services: EcsServices
    vendor: "ECSClient"
    name: str
    stays: str
    ends: str

    def register(self, image: str) -> str:
        definition = self.vendor.register_task_definition(
            family=self.name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": image, "essential": True}],
        )
        return definition["taskDefinition"]["taskDefinitionArn"]


@pytest.fixture
def world(aws: AwsSettings) -> Iterator[World]:
    name = f"service-{uuid.uuid4().hex[:8]}"
    boto3.client("ecr", region_name=aws.region, endpoint_url=aws.endpoint_url).create_repository(repositoryName=name)
    uri = AwsEcr(aws).repository_uri(name)
    make_image(f"{uri}:stays", ends=False)
    make_image(f"{uri}:ends", ends=True)
    stays, ends = (f"{uri}@{push_image(f'{uri}:{tag}')}" for tag in ("stays", "ends"))
    vendor = boto3.client("ecs", region_name=aws.region, endpoint_url=aws.endpoint_url)
    world = World(EcsServices(aws), vendor, name, stays, ends)
    vendor.create_cluster(clusterName=name)
    network: Any = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    vendor.create_service(
        cluster=name, serviceName=name, taskDefinition=world.register(stays), desiredCount=1, launchType="FARGATE",
        networkConfiguration=network,
    )  # fmt: skip
    yield world
    vendor.delete_service(cluster=name, service=name, force=True)
    eventually(lambda: not world.services.tasks(name, name))
    remove_image(f"{uri}:stays")
    remove_image(f"{uri}:ends")


def eventually(holds: Callable[[], object]) -> None:
    """Real containers take their time, and no fake clock can hurry them."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"did not happen within {SECONDS} s")
        time.sleep(0.2)


def has_address(world: World) -> bool:
    return any(task.address and task.status == "RUNNING" for task in world.services.tasks(world.name, world.name))


@pytest.mark.real
def test_a_service_whose_tasks_end_at_once(world: World) -> None:
    name, services = world.name, world.services
    first = services.latest_task_definition(name)
    assert first.images == {"app": world.stays}
    eventually(lambda: has_address(world))
    assert services.state(name, name).task_definition == first.arn
    (task,) = services.tasks(name, name)
    assert (task.task_definition, task.stopped_reason) == (first.arn, "")

    services.scale(name, name, 0)
    eventually(lambda: not services.tasks(name, name))
    second = world.register(world.ends)
    assert services.latest_task_definition(name) == TaskDefinition(second, {"app": world.ends})
    services.update(name, name, second, 1)
    assert (services.state(name, name).task_definition, services.state(name, name).desired) == (second, 1)
    eventually(lambda: services.stopped_tasks(name, name, second))
    assert f"container app: exit code {EXIT_CODE}" in services.stopped_tasks(name, name, second)[0].stopped_reason


@pytest.mark.real
def test_missing_service_teaches(world: World) -> None:
    services, name = world.services, world.name
    for call in (
        lambda: services.state(name, "no-such"),
        lambda: services.state("no-such", name),
        lambda: services.latest_task_definition("no-such"),
        lambda: services.scale(name, "no-such", 1),
        lambda: services.update(name, "no-such", services.latest_task_definition(name).arn),
    ):
        with pytest.raises(DeployError, match="terraform apply creates it"):
            call()
