"""Moving a service to its other colour, over a cluster and a load balancer in memory."""

import pytest

from deploy_pipeline.core.candidate import DeployedService, ServiceDeployment
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import ServiceMove
from deploy_pipeline.gateways.services import TaskDefinition
from deploy_pipeline.ops.service_rollout import ServiceRollout
from deploy_pipeline.rollout.blue_green import drain
from deploy_pipeline.rollout.service_colours import colours_of
from deploy_pipeline.rollout.service_health import ServiceHealth
from deploy_pipeline.rollout.service_return import return_service
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_colours import FakeCluster, FakeListeners, FakeTasks
from deploy_pipeline_tests.fakes.fake_ear import FakeEar
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
        self.ear = FakeEar()
        self.moves: list[tuple[str, str]] = []

        self.health = ServiceHealth(self.cluster, self.listeners, self.tasks, self.clock, self.lines.append)

    def deploy(self) -> DeployedService:
        return self.rollout().run(self.cluster.newest)

    def serves(self) -> bool:
        return self.rollout().serves(NEW)

    def rollout(self) -> ServiceRollout:
        return ServiceRollout(
            deployment(), self.health, self.bake_clock,
            lambda service, stable: self.moves.append((service, stable)), self.ear,
        )  # fmt: skip

    def give_back(self, service: str = "", stable: str = "") -> None:
        known = (service, stable) if service else self.moves[-1]
        return_service(self.health, ServiceMove("inference", deployment().service, *known, self.cluster.newest.arn))

    def drained(self) -> list[str]:
        colours = colours_of(self.health, deployment().service)
        assert colours is not None
        return [name for name in (drain(colours),) if name]

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
    assert sum(world.bake_clock.slept) == MINUTES * 60
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
    assert sum(world.bake_clock.slept) == MINUTES * 60
    assert world.done == []


def test_tasks_that_have_traffic_are_not_drained() -> None:
    world = World({80: {"ml-blue": 50, "ml-green": 50}, 8081: {"ml-green": 100}})
    world.cluster.running = {BLUE: (OLD, 2), GREEN: (NEW, 2)}
    assert world.drained() == []
    assert world.done == []


def test_a_service_is_returned_after_the_switch() -> None:
    world = World()
    world.deploy()
    world.give_back()
    assert untouched(world)
    assert world.moves == [(BLUE, OLD)]


def test_returning_it_twice_changes_nothing_more() -> None:
    world = World()
    world.deploy()
    world.give_back()
    before = list(world.done)
    world.give_back()
    assert world.done == before


def test_a_service_that_was_only_started_loses_its_new_tasks() -> None:
    world = World()
    world.cluster.running[GREEN] = (NEW, 2)
    world.give_back(BLUE, OLD)
    assert untouched(world)
    assert world.done == [f"{GREEN} has 0 tasks"]


def test_a_half_switched_service_is_returned() -> None:
    world = World({80: {"ml-blue": 90, "ml-green": 10}, 8081: {"ml-green": 100}})
    world.cluster.running[GREEN] = (NEW, 2)
    world.give_back(BLUE, OLD)
    assert untouched(world)


@pytest.mark.parametrize("blue", [(OLD, 0), (NEW, 2)])
def test_earlier_tasks_that_are_gone_are_started_before_users_are_sent_there(blue: tuple[str, int]) -> None:
    world = World()
    world.deploy()
    world.cluster.running[BLUE] = blue
    world.done.clear()
    world.give_back(BLUE, OLD)
    assert world.done == [
        f"{BLUE} runs 2 of {OLD}", "80 sends to ml-blue", "8081 sends to ml-green", f"{GREEN} has 0 tasks"
    ]  # fmt: skip


def test_what_somebody_else_has_made_of_it_stays() -> None:
    world = World()
    world.deploy()
    world.cluster.running[BLUE] = ("definition-0", 2)
    before = list(world.done)
    world.give_back(BLUE, OLD)
    assert world.done == before
    assert "somebody else" in world.lines[-1]


def test_a_service_that_was_to_go_on_with_what_it_ran_is_left_alone() -> None:
    world = World()
    world.give_back(BLUE, NEW)
    assert world.done == []


def test_what_a_person_has_put_on_the_colour_with_users_stays() -> None:
    world = World()
    world.deploy()
    world.cluster.running[GREEN] = ("a hotfix", 2)
    before = list(world.done)
    world.give_back(BLUE, OLD)
    assert world.done == before
    assert "green runs what somebody else has set" in world.lines[-1]


def test_a_service_that_cannot_be_returned_says_so() -> None:
    world = World()
    world.deploy()
    world.listeners.trouble = {4: DeployError("AccessDenied", where="ELB")}
    with pytest.raises(DeployError, match="AccessDenied"):
        world.give_back()


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


def test_a_person_ends_the_bake_of_a_service() -> None:
    world = World()
    world.ear = FakeEar("promote", after=30)
    assert world.deploy().service == GREEN
    assert sum(world.bake_clock.slept) < 3 * 60
    assert world.ear.states == ["open", "closed"]


@pytest.mark.parametrize("ear", [FakeEar("roll_back", after=30), FakeEar(at_the_end="roll_back")])
def test_a_person_returns_a_service_while_it_bakes(ear: FakeEar) -> None:
    world = World()
    world.ear = ear
    with pytest.raises(DeployError, match="not promoted: roll-back, by grace: the numbers are fine"):
        world.deploy()
    assert untouched(world)


def test_nobody_is_heard_where_nothing_bakes() -> None:
    world = World()
    world.ear, world.tasks.ill = FakeEar("promote"), {"/health": [500]}
    with pytest.raises(DeployError):
        world.deploy()
    assert (world.ear.states, untouched(world)) == ([], True)
