"""The fake services."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.services import RunningTask, ServiceState, TaskDefinition
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look

BEFORE = ServiceState("td:6", 1, 1, 0, "COMPLETED", "")
AFTER = ServiceState("td:7", 1, 0, 1, "IN_PROGRESS", "")
TASK = RunningTask("task", "td:7", "RUNNING", "HEALTHY", "10.0.0.1", "")
GONE = RunningTask("gone", "td:7", "STOPPED", "UNKNOWN", None, "exit code 1")


def services() -> FakeServices:
    looks = [Look(BEFORE), Look(AFTER, (), (GONE,)), Look(AFTER, (TASK,), (GONE,))]
    return FakeServices({("c", "s"): looks}, {"family": TaskDefinition("td:7", {"app": "image"})})


def test_looks_pass_one_by_one() -> None:
    fake = services()
    assert fake.state("c", "s") == BEFORE
    fake.update("c", "s", "td:7")
    assert (fake.state("c", "s"), fake.tasks("c", "s"), fake.stopped_tasks("c", "s", "td:7")) == (AFTER, (), (GONE,))
    assert (fake.tasks("c", "s"), fake.state("c", "s"), fake.stopped_tasks("c", "s", "td:6")) == ((TASK,), AFTER, ())
    assert fake.tasks("c", "s") == (TASK,)
    assert fake.updates == [("c", "s", "td:7")]


def test_task_definitions() -> None:
    assert services().latest_task_definition("family").arn == "td:7"


def test_what_is_missing() -> None:
    with pytest.raises(DeployError):
        services().state("c", "other")
    with pytest.raises(DeployError):
        services().latest_task_definition("other")
