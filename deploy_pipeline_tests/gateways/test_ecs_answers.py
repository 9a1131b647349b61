"""ECS, against scripted answers: pages, addresses and exit codes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.ecs_services import EcsServices
from deploy_pipeline.gateways.services import RunningTask, ServiceState


def service(**more: Any) -> dict[str, Any]:
    plain = {"status": "ACTIVE", "taskDefinition": "td:7", "desiredCount": 2, "runningCount": 1, "pendingCount": 1}
    return {"services": [{**plain, **more}]}


def deployment(status: str, definition: str, state: str, reason: str) -> dict[str, str]:
    return {"status": status, "taskDefinition": definition, "rolloutState": state, "rolloutStateReason": reason}


def test_state_tells_of_the_primary_deployment(stubbed_aws: AwsSettings) -> None:
    services = EcsServices(stubbed_aws)
    deployments = [deployment("ACTIVE", "td:7", "FAILED", "x"), deployment("PRIMARY", "td:6", "IN_PROGRESS", "back")]
    with Stubber(services._ecs) as stub:
        stub.add_response("describe_services", service(deployments=deployments), {"cluster": "c", "services": ["s"]})
        assert services.state("c", "s") == ServiceState("td:6", 2, 1, 1, "IN_PROGRESS", "back")


def test_state_of_a_deleted_service(stubbed_aws: AwsSettings) -> None:
    services = EcsServices(stubbed_aws)
    with Stubber(services._ecs) as stub:
        stub.add_response("describe_services", service(status="INACTIVE"))
        with pytest.raises(DeployError, match="no such active service"):
            services.state("c", "s")


def described(arn: str, definition: str = "td:7", **more: Any) -> dict[str, Any]:
    return {"taskArn": arn, "taskDefinitionArn": definition, "lastStatus": "STOPPED", **more}


def listed(stub: Stubber, status: str, pages: Mapping[str, list[dict[str, Any]]]) -> None:
    """`pages` maps the token of each page to its tasks."""
    tokens = list(pages)
    for at, token in enumerate(tokens):
        tasks = pages[token]
        following = {"nextToken": tokens[at + 1]} if at + 1 < len(tokens) else {}
        expected = {"cluster": "c", "serviceName": "s", "desiredStatus": status, "maxResults": 100}
        arns = [task["taskArn"] for task in tasks]
        stub.add_response(
            "list_tasks", {"taskArns": arns, **following}, expected | ({"nextToken": token} if at else {})
        )
        stub.add_response("describe_tasks", {"tasks": tasks}, {"cluster": "c", "tasks": arns})


def test_tasks_of_every_page(stubbed_aws: AwsSettings) -> None:
    services = EcsServices(stubbed_aws)
    interface = [{"name": "subnetId", "value": "s"}, {"name": "privateIPv4Address", "value": "10.0.0.1"}]
    one = described("one", lastStatus="RUNNING", healthStatus="HEALTHY", attachments=[{"details": interface}])
    container = {"name": "app", "networkInterfaces": [{"privateIpv4Address": "10.0.0.2"}]}
    two = described("two", lastStatus="RUNNING", containers=[container])
    three = described("three", lastStatus="PENDING")
    with Stubber(services._ecs) as stub:
        listed(stub, "RUNNING", {"": [one, two], "second": [three]})
        assert services.tasks("c", "s") == (
            RunningTask("one", "td:7", "RUNNING", "HEALTHY", "10.0.0.1", ""),
            RunningTask("two", "td:7", "RUNNING", "UNKNOWN", "10.0.0.2", ""),
            RunningTask("three", "td:7", "PENDING", "UNKNOWN", None, ""),
        )


def test_stopped_tasks_newest_first_with_exit_codes(stubbed_aws: AwsSettings) -> None:
    services = EcsServices(stubbed_aws)
    app = {"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}
    early = described(
        "early", stoppedAt=datetime(2026, 1, 1, 10, tzinfo=UTC), stoppedReason="Essential container exited"
    )
    late = described(
        "late",
        stoppedAt=datetime(2026, 1, 1, 11, tzinfo=UTC),
        stoppedReason="Essential container exited",
        containers=[app, {"name": "log", "exitCode": 0}, {"name": "idle"}],
    )
    with Stubber(services._ecs) as stub:
        listed(stub, "STOPPED", {"": [early, late, described("other", "td:6")]})
        stopped = services.stopped_tasks("c", "s", "td:7")
    assert [task.arn for task in stopped] == ["late", "early"]
    assert stopped[0].stopped_reason == (
        "Essential container exited; container app: exit code 137, OutOfMemoryError: Container killed; "
        "container log: exit code 0"
    )


def test_update_denied(stubbed_aws: AwsSettings) -> None:
    services = EcsServices(stubbed_aws)
    with Stubber(services._once) as stub:
        expected = {"cluster": "c", "service": "s", "taskDefinition": "td:7"}
        stub.add_client_error("update_service", "AccessDeniedException", "no", 403, expected_params=expected)
        with pytest.raises(DeployError, match="UpdateService"):
            services.update("c", "s", "td:7")
