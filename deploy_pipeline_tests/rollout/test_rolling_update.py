"""Moving a service to a new task definition, over fakes."""

from dataclasses import replace

import pytest

from deploy_pipeline.core.candidate import DeployedService, ServiceDeployment
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.load_balancers import Forward, Target
from deploy_pipeline.gateways.services import RunningTask, ServiceState, TaskDefinition
from deploy_pipeline.gateways.web import Answer
from deploy_pipeline.rollout.rolling_update import RollingUpdate, newest_of
from deploy_pipeline.rollout.service_health import ServiceHealth
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_load_balancers import FakeLoadBalancers
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import SPEC, a_candidate, a_pushed_image, a_spec

FAMILY = "arn:aws:ecs:us-east-1:123456789012:task-definition/ml-inference"
OLD, NEW = f"{FAMILY}:1", f"{FAMILY}:2"
HEALTH = "http://172.17.0.9:8080/health"
NAME = ("ml", "ml-inference")

BEFORE = Look(ServiceState(OLD, 1, 1, 0, "COMPLETED", ""))
STARTING = Look(ServiceState(NEW, 1, 0, 1, "IN_PROGRESS", ""))
TASK = RunningTask("arn:task/t1", NEW, "RUNNING", "UNKNOWN", "172.17.0.9", "")
OLD_TASK = RunningTask("arn:task/t0", OLD, "RUNNING", "UNKNOWN", "172.17.0.8", "")
OLD_HEALTH = "http://172.17.0.8:8080/health"
RESTORED = Look(ServiceState(OLD, 1, 1, 0, "COMPLETED", ""), (OLD_TASK,))
RUNNING = Look(ServiceState(NEW, 1, 1, 0, "COMPLETED", ""), (TASK,))
CRASHED = tuple(
    RunningTask(f"arn:task/c{n}", NEW, "STOPPED", "UNKNOWN", None, "inference: exit code 1") for n in range(3)
)


def update(looks: list[Look], web: FakeWeb, image: str | None = None) -> tuple[RollingUpdate, FakeServices, FakeClock]:
    definition = TaskDefinition(NEW, {"inference": image or a_pushed_image().pinned})
    services, clock = FakeServices({NAME: looks}, {"ml-inference": definition}), FakeClock()
    return RollingUpdate(ServiceHealth(services, FakeLoadBalancers(), web, clock, lambda line: None)), services, clock


def deployment() -> ServiceDeployment:
    return ServiceDeployment(a_candidate(), "inference", a_pushed_image())


def moved(subject: RollingUpdate, what: ServiceDeployment | None = None) -> DeployedService:
    chosen = what or deployment()
    return subject.run(chosen, newest_of(subject.health.services, chosen), lambda service, stable: None)


def test_run_waits_until_every_task_answers() -> None:
    web = FakeWeb({HEALTH: [None, Answer(503, "loading"), Answer(200, "ok")]})
    subject, services, _ = update([BEFORE, STARTING, RUNNING], web)
    deployed = moved(subject)
    assert (deployed.task_definition, deployed.previous_task_definition, deployed.running) == (NEW, OLD, 1)
    assert services.updates == [("ml", "ml-inference", NEW)]
    assert [call.url for call in web.calls] == [HEALTH] * 3


def test_run_tasks_that_keep_stopping_go_back_to_the_earlier_definition() -> None:
    looks = [BEFORE, replace(STARTING, stopped=CRASHED), RESTORED]
    subject, services, _ = update(looks, FakeWeb({OLD_HEALTH: Answer(200, "ok")}))
    with pytest.raises(DeployError) as caught:
        moved(subject)
    assert services.updates == [("ml", "ml-inference", NEW), ("ml", "ml-inference", OLD)]
    assert "exit code 1" in caught.value.what
    assert "ml-inference:1 serves again" in caught.value.what
    assert "/health" in caught.value.todo


def test_run_says_so_when_the_earlier_definition_does_not_come_back() -> None:
    looks = [BEFORE, replace(STARTING, stopped=CRASHED), RESTORED]
    subject, _, _ = update(looks, FakeWeb())
    with pytest.raises(DeployError, match=r"ml-inference:1 does not: not healthy after 300 s: task t0 does not answer"):
        moved(subject)


def test_run_a_first_deployment_that_fails_has_nothing_to_go_back_to() -> None:
    first = Look(ServiceState(NEW, 1, 0, 1, "IN_PROGRESS", ""))
    subject, services, _ = update([first, replace(first, stopped=CRASHED)], FakeWeb())
    with pytest.raises(DeployError, match="no earlier task definition"):
        moved(subject)
    assert services.updates == [("ml", "ml-inference", NEW)]


def test_run_a_service_that_never_answers_goes_back_when_its_time_is_up() -> None:
    subject, services, clock = update([BEFORE, RUNNING], FakeWeb())
    with pytest.raises(DeployError, match="not healthy after 300 s: task t1 does not answer"):
        moved(subject)
    assert services.updates[-1] == ("ml", "ml-inference", OLD)
    assert 300 <= sum(clock.slept) < 620


def test_run_completed_without_a_running_task_is_not_enough() -> None:
    empty = Look(ServiceState(NEW, 1, 0, 0, "COMPLETED", "ECS deployment completed."))
    subject, _, _ = update([BEFORE, empty], FakeWeb())
    with pytest.raises(DeployError, match="0 of 1 tasks run"):
        moved(subject)


def test_run_refuses_a_task_definition_of_another_image_before_it_changes_anything() -> None:
    subject, services, _ = update([BEFORE], FakeWeb(), image="registry.test/ml/inference@sha256:other")
    with pytest.raises(DeployError, match="the newest task definition runs"):
        moved(subject)
    assert services.updates == []


def test_run_forgets_tasks_that_had_stopped_before() -> None:
    earlier = replace(BEFORE, stopped=CRASHED)
    looks = [earlier, replace(STARTING, stopped=CRASHED), replace(RUNNING, stopped=CRASHED)]
    subject, _, _ = update(looks, FakeWeb({HEALTH: Answer(200, "ok")}))
    assert moved(subject).running == 1


class Troubled(FakeServices):
    """Raises `error` once, at the second question for the tasks."""

    def __init__(self, looks: list[Look], error: BaseException) -> None:
        definition = TaskDefinition(NEW, {"inference": a_pushed_image().pinned})
        super().__init__({NAME: looks}, {"ml-inference": definition})
        self.trouble: list[BaseException] = [error]

    def tasks(self, cluster: str, service: str) -> tuple[RunningTask, ...]:
        if self.trouble:
            raise self.trouble.pop()
        return super().tasks(cluster, service)


def test_run_waits_out_trouble_that_passes() -> None:
    services = Troubled([BEFORE, RUNNING], DeployError("Throttling", where="ECS", retryable=True))
    web = FakeWeb({HEALTH: Answer(200, "ok")})
    deployed = moved(RollingUpdate(ServiceHealth(services, FakeLoadBalancers(), web, FakeClock(), lambda line: None)))
    assert deployed.task_definition == NEW
    assert services.updates == [("ml", "ml-inference", NEW)]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DeployError("AccessDenied", where="ECS")])
def test_run_that_cannot_go_on_points_the_service_back(error: BaseException) -> None:
    services = Troubled([BEFORE, RUNNING], error)
    with pytest.raises(type(error)):
        moved(RollingUpdate(ServiceHealth(services, FakeLoadBalancers(), FakeWeb(), FakeClock(), lambda line: None)))
    assert services.updates == [("ml", "ml-inference", NEW), ("ml", "ml-inference", OLD)]


BALANCER = {"name": "ml", "test_port": 8081, "blue_target_group": "ml-blue", "green_target_group": "ml-green"}


def behind_a_load_balancer() -> ServiceDeployment:
    services = {"inference": SPEC["services"]["inference"] | {"load_balancer": BALANCER}}
    return ServiceDeployment(a_candidate(a_spec(services=services)), "inference", a_pushed_image())


def test_run_waits_until_the_load_balancer_sends_traffic_to_every_task() -> None:
    definition = TaskDefinition(NEW, {"inference": a_pushed_image().pinned})
    services = FakeServices({NAME: [BEFORE, RUNNING]}, {"ml-inference": definition})
    looks = [(), (Target("172.17.0.9", 8080, "initial", ""),), (Target("172.17.0.9", 8080, "healthy", ""),)]
    balancers = FakeLoadBalancers({"ml-blue": looks}, {("ml", 80): [(Forward("ml-blue", 100),)]})
    lines: list[str] = []
    web = FakeWeb({HEALTH: Answer(200, "ok")})
    deployed = moved(
        RollingUpdate(ServiceHealth(services, balancers, web, FakeClock(), lines.append)), behind_a_load_balancer()
    )
    assert deployed.running == 1
    assert lines == [
        "ml-inference: 0 of 1 tasks are healthy targets of ml-blue, not registered",
        "ml-inference: 0 of 1 tasks are healthy targets of ml-blue, initial",
        "ml-inference: 1 of 1 tasks are healthy targets of ml-blue",
    ]


def test_run_a_service_that_no_traffic_reaches_is_not_healthy() -> None:
    definition = TaskDefinition(NEW, {"inference": a_pushed_image().pinned})
    services = FakeServices({NAME: [BEFORE, RUNNING]}, {"ml-inference": definition})
    balancers = FakeLoadBalancers({}, {("ml", 80): [()]})
    web = FakeWeb({HEALTH: Answer(200, "ok")})
    with pytest.raises(DeployError, match="forwards to no target group"):
        moved(
            RollingUpdate(ServiceHealth(services, balancers, web, FakeClock(), lambda line: None)),
            behind_a_load_balancer(),
        )
    assert services.updates == []


@pytest.mark.parametrize(
    ("look", "answer", "expected"),
    [
        (RUNNING, Answer(200, "ok"), True),
        (RUNNING, Answer(503, "loading"), False),
        (RUNNING, None, False),
        (BEFORE, Answer(200, "ok"), False),
        (STARTING, Answer(200, "ok"), False),
    ],
)
def test_serves_is_one_look_that_changes_nothing(look: Look, answer: Answer | None, expected: bool) -> None:
    subject, services, clock = update([look], FakeWeb({HEALTH: [answer]}))
    started = clock.monotonic()
    assert subject.serves(deployment().service, NEW) is expected
    assert (services.updates, clock.monotonic()) == ([], started)
