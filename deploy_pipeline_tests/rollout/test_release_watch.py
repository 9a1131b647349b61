"""What a live release does to its users: services and APIs, over a world in memory."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy_pipeline.core.spec_rollback import ApiSpec, RollbackSpec
from deploy_pipeline.gateways.services import RunningTask, ServiceState
from deploy_pipeline.gateways.web import Answer
from deploy_pipeline.rollout.release_watch import ReleaseWatch
from deploy_pipeline.rollout.service_health import ServiceHealth
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_load_balancers import FakeLoadBalancers
from deploy_pipeline_tests.fakes.fake_metrics import FakeMetrics, Side
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import a_deployed, a_spec

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TASK = a_deployed().services[0].task_definition


def watch(answering: int = 3, running: str = TASK, desired: int = 3, **sides: Side | None) -> ReleaseWatch:
    """A service of which so many of three tasks answer, and an API."""
    addresses = [f"10.0.0.{number}" for number in range(3)]
    tasks = tuple(RunningTask(each, TASK, "RUNNING", "UNKNOWN", each, "") for each in addresses)
    look = Look(ServiceState(running, desired, 3, 0, "COMPLETED", ""), tasks)
    web = FakeWeb({f"http://{each}:8080/health": Answer(200, "ok") for each in addresses[:answering]})
    one = a_deployed().services[0]
    health = ServiceHealth(
        FakeServices({(one.cluster, one.service): [look]}), FakeLoadBalancers(), web, FakeClock(), print
    )
    rules = RollbackSpec(
        apis=RollbackSpec().apis.model_copy(update={"watched": {"public": ApiSpec(api_name="api", stage="v1")}})
    )
    metrics = FakeMetrics({(name, ""): side for name, side in sides.items()})
    return ReleaseWatch(
        metrics, health, a_spec().model_copy(update={"rollback": rules}), NOW, NOW - timedelta(minutes=30)
    )


@pytest.mark.parametrize(("answering", "said"), [
    (3, ""),
    (2, "service inference: 2 of 3 tasks are healthy, fewer than 80 %"),
    (0, "service inference: 0 of 3 tasks are healthy, fewer than 80 %"),
])  # fmt: skip
def test_a_service_is_ill_when_too_few_of_its_tasks_answer(answering: int, said: str) -> None:
    assert watch(answering).ill(a_deployed(), "inference") == said


def test_a_service_that_somebody_else_has_changed_or_stopped_says_nothing() -> None:
    assert watch(0, running=f"{TASK}9").ill(a_deployed(), "inference") == ""
    assert watch(0, desired=0).ill(a_deployed(), "inference") == ""


@pytest.mark.parametrize(("side", "said"), [
    (Side(60, 0), ""),
    (Side(60, 7), "API public: 21 errors in 180 requests, each of 3 min above 10%"),
    (Side(60, 6), ""),  # just the limit
    (Side(10, 10), ""),  # fewer than 50 requests in all
    (None, ""),  # no number is never a reason
])  # fmt: skip
def test_an_api_that_fails_takes_the_release_back(side: Side | None, said: str) -> None:
    assert watch(api=side).api("public") == said


def test_a_release_that_is_younger_than_the_minutes_says_nothing() -> None:
    young = watch(api=Side(60, 60))
    assert ReleaseWatch(young.metrics, young.health, young.spec, NOW, NOW - timedelta(minutes=2)).api("public") == ""
