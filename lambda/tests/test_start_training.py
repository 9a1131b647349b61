"""start_training: what it passes to ECS, and that nothing that ECS refuses looks like success."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

CLUSTER, FAMILY = "engagement-ml", "engagement-ml-training"
ENVIRONMENT = {
    "ECS_CLUSTER": CLUSTER,
    "TASK_DEFINITION": FAMILY,
    "SUBNETS": "subnet-1, subnet-2,",
    "SECURITY_GROUPS": "sg-1",
}
EXPECTED_RUN = {
    "cluster": CLUSTER,
    "taskDefinition": FAMILY,
    "launchType": "FARGATE",
    "count": 1,
    "clientToken": "run-7",
    "startedBy": "start_training",
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": ["subnet-1", "subnet-2"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "DISABLED",
        }
    },
    "overrides": {
        "containerOverrides": [
            {
                "name": "training",
                "environment": [
                    {"name": "RUN_ID", "value": "run-7"},
                    {"name": "FEATURES_KEY", "value": "features/x/training.csv"},
                ],
            }
        ]
    },
}


@pytest.fixture
def function(load_function: Callable[..., ModuleType]) -> ModuleType:
    return load_function("start_training")


@pytest.fixture
def training(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A cluster and an active task definition; answers the ECS client."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(
        family=FAMILY,
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "training", "image": "training"}],
    )
    return ecs


def test_read_settings_names_what_is_missing(function: ModuleType) -> None:
    with pytest.raises(function.TrainingError, match="ECS_CLUSTER and TASK_DEFINITION not set"):
        function.read_settings({})


def test_handler_checks_without_running(function: ModuleType, training: Any, context: object) -> None:
    answer = function.handler({"test": True}, context)
    body = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert body["status"] == "ready"
    assert body["task_definition"].endswith(f"task-definition/{FAMILY}:1")
    assert training.list_tasks(cluster=CLUSTER)["taskArns"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ECS_CLUSTER": "other"}, "cluster other does not exist"),
        ({"CONTAINER_NAME": "web"}, "no container 'web'"),
    ],
)
def test_checks_raise_when_the_task_could_not_run(
    function: ModuleType, training: Any, change: dict[str, str], message: str
) -> None:
    settings = function.read_settings(ENVIRONMENT | change)
    with pytest.raises(function.TrainingError, match=message):
        function.check_cluster(training, settings)
        function.check_task_definition(training, settings)


def test_handler_raises_for_a_deregistered_task_definition(
    function: ModuleType, training: Any, context: object
) -> None:
    training.deregister_task_definition(taskDefinition=f"{FAMILY}:1")
    with pytest.raises((function.TrainingError, ClientError)):
        function.handler({"test": True}, context)


def test_handler_raises_for_a_deleted_cluster(function: ModuleType, training: Any, context: object) -> None:
    training.delete_cluster(cluster=CLUSTER)
    with pytest.raises(function.TrainingError, match=r"does not exist|INACTIVE"):
        function.handler({"test": True}, context)


def run(function: ModuleType, answer: dict[str, Any], features_key: str = "features/x/training.csv") -> str:
    ecs = boto3.client("ecs")
    settings = function.read_settings(ENVIRONMENT)
    with Stubber(ecs) as stub:
        stub.add_response("run_task", answer, EXPECTED_RUN)
        return str(function.run_training(ecs, settings, "run-7", features_key))


def test_run_training_passes_the_run_and_its_features(function: ModuleType, aws: None) -> None:
    arn = "arn:aws:ecs:us-east-1:123456789012:task/engagement-ml/1"
    assert run(function, {"tasks": [{"taskArn": arn}], "failures": []}) == arn


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"tasks": [], "failures": [{"arn": "a", "reason": "RESOURCE:MEMORY"}]}, "a RESOURCE:MEMORY"),
        ({"tasks": [], "failures": []}, "gave no reason"),
    ],
)
def test_run_training_raises_ecs_failures(
    function: ModuleType, aws: None, answer: dict[str, Any], message: str
) -> None:
    with pytest.raises(function.TrainingError, match=message):
        run(function, answer)


def test_network_configuration_needs_a_subnet(function: ModuleType) -> None:
    settings = function.read_settings({**ENVIRONMENT, "SUBNETS": " , "})
    with pytest.raises(function.TrainingError, match="SUBNETS"):
        function.network_configuration(settings)


def test_container_override_leaves_the_features_to_the_task(function: ModuleType) -> None:
    override = function.container_override(function.read_settings(ENVIRONMENT), "run-7", "")
    assert override["environment"] == [{"name": "RUN_ID", "value": "run-7"}]


def test_choose_run_id_falls_back_to_the_request(function: ModuleType, context: Any) -> None:
    assert function.choose_run_id({}, context) == context.aws_request_id
    assert function.choose_run_id({"run_id": "2025-03-31"}, context) == "2025-03-31"


@pytest.mark.parametrize("run_id", ["../latest", "a b", "-x", "x" * 65])
def test_choose_run_id_refuses_what_is_no_folder_name(function: ModuleType, context: Any, run_id: str) -> None:
    with pytest.raises(function.TrainingError, match="run_id"):
        function.choose_run_id({"run_id": run_id}, context)
