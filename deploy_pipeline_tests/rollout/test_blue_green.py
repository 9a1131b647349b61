"""Moving a service to its other colour, over a cluster and a load balancer in memory."""

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from deploy_pipeline.core.candidate import DeployedService, ServiceDeployment
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.services import TaskDefinition
from deploy_pipeline.ops.service_rollout import ServiceRollout, colours_of, returning
from deploy_pipeline.rollout.blue_green import drain
from deploy_pipeline.rollout.service_health import ServiceHealth
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_colours import FakeCluster, FakeListeners, FakeTasks
from deploy_pipeline_tests.samples import SPEC, a_candidate, a_pushed_image, a_spec

OLD, NEW = "definition-1", "definition-2"
BLUE, GREEN = "ml-inference", "ml-inference-green"
BALANCER = {
    "name": "ml", "test_port": 8081, "blue_target_group": "ml-blue", "green_target_group": "ml-green",
    "green_service": GREEN,
}  # fmt: skip
LIVE_IS_BLUE = {80: {"ml-blue": 100}, 8081: {"ml-green": 100}}
MINUTES = 15


class World:
    """Blue has two tasks of the old definition and all of the traffic; green has none."""

    def __init__(self, listening: dict[int, dict[str, int]] = LIVE_IS_BLUE) -> None:
        definition = TaskDefinition(NEW, {"inference": a_pushed_image().pinned})
        self.cluster = FakeCluster({BLUE: (OLD, 2), GREEN: (OLD, 0)}, definition)
        members = {"ml-blue": BLUE, "ml-green": GREEN}
        self.listeners = FakeListeners(self.cluster, {port: dict(to) for port, to in listening.items()}, members)
        self.tasks, self.clock, self.bake_clock = FakeTasks(), FakeClock(), FakeClock()
        self.lines: list[str] = []

        self.health = ServiceHealth(self.cluster, self.listeners, self.tasks, self.clock, self.lines.append)

    def deploy(self) -> DeployedService:
        return ServiceRollout(deployment(), self.health, self.bake_clock).run(self.cluster.newest)

    def serves(self) -> bool:
        return ServiceRollout(deployment(), self.health, self.bake_clock).serves(NEW)

    def drained(self) -> list[str]:
        colours = colours_of(self.health, deployment().service)
        assert colours is not None
        return [name for name in (drain(colours),) if name]

    def returning(self, moved: DeployedService) -> AbstractContextManager[None]:
        return returning(self.health, deployment().candidate, [moved])

    @property
    def done(self) -> list[str]:
        return self.cluster.done


def deployment() -> ServiceDeployment:
    services = {"inference": SPEC["services"]["inference"] | {"load_balancer": BALANCER}}
    return ServiceDeployment(a_candidate(a_spec(services=services)), "inference", a_pushed_image())


def untouched(world: World) -> bool:
    """Whether blue has all of the traffic with what it had, and green nothing."""
    return world.listeners.listening[80] == {"ml-blue": 100} and world.cluster.running == {
        BLUE: (OLD, 2), GREEN: (world.cluster.running[GREEN][0], 0)
    }  # fmt: skip


def test_green_is_tried_switched_to_and_watched_while_blue_stays_up() -> None:
    world = World()
    deployed = world.deploy()
    assert (deployed.service, deployed.previous_task_definition, deployed.running) == (GREEN, OLD, 2)
    assert world.done == [
        "8081 sends to ml-green",
        f"{GREEN} runs 2 of {NEW}",
        "80 sends to ml-green",
        "8081 sends to ml-blue",
    ]
    assert world.bake_clock.slept == [60.0] * MINUTES
    assert "ml-inference: minute 15 of 15: 2 of 2 tasks are healthy" in world.lines


def test_colours_alternate() -> None:
    world = World()
    world.deploy()
    assert world.drained() == [BLUE]
    world.cluster.newest = TaskDefinition("definition-3", world.cluster.newest.images)
    assert world.deploy().service == BLUE
    assert world.drained() == [GREEN]
    assert world.cluster.running == {BLUE: ("definition-3", 2), GREEN: (NEW, 0)}
    assert world.drained() == []
    assert world.listeners.listening == LIVE_IS_BLUE


def test_a_first_deployment_finds_blue_running_what_it_should() -> None:
    world = World()
    world.cluster.running = {BLUE: (NEW, 2), GREEN: (NEW, 0)}
    assert world.deploy().service == BLUE
    assert world.done == []


def test_a_green_that_does_not_answer_is_removed_and_blue_is_never_touched() -> None:
    world = World()
    world.tasks.ill = {NEW: [500]}
    with pytest.raises(DeployError, match=r"not healthy after 300 s: task .* answers 500, and must answer 200"):
        world.deploy()
    assert untouched(world)
    assert "80 sends" not in " ".join(world.done)


def test_a_green_that_stays_healthy_for_a_moment_only_is_removed() -> None:
    world = World()
    world.tasks.ill = {f"{NEW}-0": [200, 200, 503]}
    with pytest.raises(DeployError, match="1 of 2 tasks are healthy, fewer than 80 %"):
        world.deploy()
    assert untouched(world)
    assert "80 sends" not in " ".join(world.done)


def test_a_green_that_fails_its_smoke_test_is_never_shown_to_users() -> None:
    world = World()
    world.tasks.ill = {"http://ml:8081": [503]}
    with pytest.raises(DeployError, match=r"smoke test service did not pass before users were sent there: .*503"):
        world.deploy()
    assert untouched(world)
    assert "80 sends" not in " ".join(world.done)


def test_a_green_that_falls_ill_under_the_traffic_gives_it_back() -> None:
    world = World()
    world.tasks.ill = {f"{NEW}-1": [200] * 8 + [None]}
    with pytest.raises(DeployError, match="1 of 2 tasks are healthy, fewer than 80 %"):
        world.deploy()
    assert untouched(world)
    assert world.done[2:] == [
        "80 sends to ml-green",
        "8081 sends to ml-blue",
        "80 sends to ml-blue",
        "8081 sends to ml-green",
        f"{GREEN} has 0 tasks",
    ]


@pytest.mark.parametrize("change", range(3))
@pytest.mark.parametrize("error", [KeyboardInterrupt(), DeployError("AccessDenied", where="ELB")])
def test_whatever_ends_it_blue_serves_again(change: int, error: BaseException) -> None:
    world = World()
    world.listeners.trouble = {change: error}
    with pytest.raises(type(error)):
        world.deploy()
    assert untouched(world)


def test_what_could_not_be_returned_is_named() -> None:
    world = World()
    world.listeners.trouble = {1: DeployError("Throttled", where="ELB"), 2: DeployError("AccessDenied", where="ELB")}
    with pytest.raises(DeployError) as raised:
        world.deploy()
    assert "Throttled" in raised.value.what
    assert "Not returned: ELB: AccessDenied" in raised.value.what
    assert "ml-blue is to have all of the traffic, green none" in raised.value.todo


@pytest.mark.parametrize("listening", [{"ml-blue": 90, "ml-green": 10}, {"ml-blue": 50, "ml-green": 50}])
def test_traffic_that_an_earlier_run_left_divided_is_whole_before_anything_else(listening: dict[str, int]) -> None:
    world = World({80: listening, 8081: {"ml-green": 100}})
    assert world.deploy().service == GREEN
    assert world.done[:2] == ["80 sends to ml-blue", "8081 sends to ml-green"]


def test_a_run_that_was_killed_after_the_switch_is_baked_again_and_finished() -> None:
    world = World({80: {"ml-green": 100}, 8081: {"ml-blue": 100}})
    world.cluster.running = {BLUE: (OLD, 2), GREEN: (NEW, 2)}
    assert world.deploy().service == GREEN
    assert world.bake_clock.slept == [60.0] * MINUTES
    assert world.done == []


def test_tasks_that_have_traffic_are_not_drained() -> None:
    world = World({80: {"ml-blue": 50, "ml-green": 50}, 8081: {"ml-green": 100}})
    world.cluster.running = {BLUE: (OLD, 2), GREEN: (NEW, 2)}
    assert world.drained() == []
    assert world.done == []


def test_what_ends_the_release_after_the_switch_returns_the_service() -> None:
    world = World()
    deployed = world.deploy()
    with pytest.raises(DeployError, match=r"^the functions failed$"), world.returning(deployed):
        raise DeployError("the functions failed")
    assert untouched(world)


def test_a_service_that_an_earlier_run_of_the_release_moved_goes_back_too() -> None:
    world = World({80: {"ml-green": 100}, 8081: {"ml-blue": 100}})
    world.cluster.running = {BLUE: (OLD, 2), GREEN: (NEW, 2)}
    deployed = world.deploy()
    assert deployed.previous_task_definition == OLD
    with pytest.raises(DeployError), world.returning(deployed):
        raise DeployError("the functions failed")
    assert untouched(world)


def test_a_service_that_this_run_did_not_move_is_left_alone() -> None:
    world = World()
    deployed = world.deploy()
    kept = replace(deployed, previous_task_definition=deployed.task_definition)
    before = list(world.done)
    with pytest.raises(KeyboardInterrupt), world.returning(kept):
        raise KeyboardInterrupt
    assert world.done == before


@pytest.mark.parametrize("blue", [(OLD, 0), ("definition-0", 2)])
def test_a_service_whose_earlier_tasks_are_gone_stays_and_is_named(blue: tuple[str, int]) -> None:
    world = World()
    deployed = world.deploy()
    world.cluster.running[BLUE] = blue
    with pytest.raises(DeployError) as raised, world.returning(deployed):
        raise DeployError("the functions failed")
    assert raised.value.what.startswith("the functions failed\nServices that serve the new release: ml-inference-green")
    assert world.listeners.listening[80] == {"ml-green": 100}


def test_an_interruption_stays_one_and_the_log_names_what_was_not_returned() -> None:
    world = World()
    deployed = world.deploy()
    world.listeners.trouble = {3: DeployError("AccessDenied", where="ELB")}
    with pytest.raises(KeyboardInterrupt), world.returning(deployed):
        raise KeyboardInterrupt
    assert "ml-inference-green could not be returned: ELB: AccessDenied" in world.lines[-1]


def test_a_listener_that_somebody_else_uses_is_left_alone() -> None:
    world = World({80: {"another": 100}, 8081: {"ml-green": 100}})
    with pytest.raises(DeployError, match="sends traffic to another"):
        world.deploy()
    assert world.done == []


def test_health_that_cannot_be_read_is_asked_for_again() -> None:
    world = World()
    troubles = [DeployError("Throttling", where="ECS", retryable=True)] * 3
    ask, looks = world.cluster.state, 0

    def state(cluster: str, service: str) -> object:
        nonlocal looks
        looks += world.bake_clock.monotonic() > 0
        if looks and troubles:
            raise troubles.pop()
        return ask(cluster, service)

    world.cluster.state = state  # type: ignore[assignment]  # a method of this one cluster
    assert world.deploy().service == GREEN
    assert troubles == []


@pytest.mark.parametrize(
    ("running", "listening", "expected"),
    [
        ({BLUE: (NEW, 2), GREEN: (OLD, 0)}, {"ml-blue": 100}, True),
        ({BLUE: (NEW, 2), GREEN: (OLD, 0)}, {"ml-blue": 99, "ml-green": 1}, False),
        ({BLUE: (OLD, 2), GREEN: (NEW, 2)}, {"ml-blue": 100}, False),
        ({BLUE: (OLD, 0), GREEN: (NEW, 2)}, {"ml-green": 100}, True),
    ],
)
def test_only_what_has_all_of_the_traffic_serves(
    running: dict[str, tuple[str, int]], listening: dict[str, int], expected: bool
) -> None:
    world = World({80: listening, 8081: {}})
    world.cluster.running = running
    assert world.serves() is expected
    assert world.done == []
