"""The two colours of an ECS service: which of them has the traffic, and the ways to give it to one."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy_pipeline.core.colours import OTHER, Colour, Traffic, traffic_of
from deploy_pipeline.core.spec import LoadBalancerSpec, ServiceSpec
from deploy_pipeline.gateways.interruptions import held_back
from deploy_pipeline.gateways.services import ServiceState
from deploy_pipeline.rollout.service_health import Place, ServiceHealth

ALL = 100


@dataclass
class ServiceColours:
    """A service behind the blue target group, and a second one, `balancer.green_service`, behind the green one.

    The production listener forwards to the live colour and the test listener to the other one, always: a target group
    without a listener has its tasks' health checked by nobody.
    """

    health: ServiceHealth
    service: ServiceSpec
    balancer: LoadBalancerSpec

    def __post_init__(self) -> None:
        groups: Mapping[Colour, str] = {
            "blue": self.balancer.blue_target_group, "green": self.balancer.green_target_group
        }  # fmt: skip
        names: Mapping[Colour, str] = {"blue": self.service.service, "green": self.balancer.green_service or ""}
        self.groups = groups
        self.places: Mapping[Colour, Place] = {
            colour: Place(self.service.cluster, name, self.service.port, self.service.health_path, groups[colour])
            for colour, name in names.items()
        }

    @property
    def where(self) -> str:
        """The production listener, for messages."""
        return f"load balancer {self.balancer.name}, port {self.balancer.production_port}"

    def traffic(self) -> Traffic:
        """What the production listener says now. Raises DeployError where it forwards anywhere else."""
        forwards = self.health.load_balancers.forwards(self.balancer.name, self.balancer.production_port)
        return traffic_of(self.groups, {each.target_group: each.weight for each in forwards}, self.where)

    def share(self, colour: Colour) -> float:
        """The part of the production traffic that a colour has, 0 to 1."""
        traffic = self.traffic()
        return traffic.blue if colour == "blue" else traffic.green

    def state(self, colour: Colour) -> ServiceState:
        """The service of a colour, as ECS reports it."""
        place = self.places[colour]
        return self.health.services.state(place.cluster, place.service)

    def serves(self, target: str) -> bool:
        """Whether the live colour runs `target` (an ARN), answers, and has all of the traffic: nothing is changed."""
        traffic = self.traffic()
        if not traffic.whole or self.state(traffic.live).task_definition != target:
            return False
        return self.health.serves(self.places[traffic.live], target)

    def switch(self, colour: Colour) -> None:
        """Send all users to a colour, in one change, and then the test listener to the other one."""
        with held_back():
            self._send(self.balancer.production_port, colour)
            self.say(f"{colour} has all of the traffic")
            self._send(self.balancer.test_port, OTHER[colour])

    def start(self, colour: Colour, target: str, desired: int) -> None:
        """Give the colour without traffic so many tasks, behind the test listener."""
        place = self.places[colour]
        self._send(self.balancer.test_port, colour)
        self.health.from_now(place, target)
        self.health.services.update(place.cluster, place.service, target, desired)
        self.say(f"{colour} starts {desired} tasks of {target.rsplit('/', 1)[-1]}")

    def remove(self, colour: Colour) -> None:
        """Let a colour without traffic have no tasks; the load balancer lets open requests end first."""
        place = self.places[colour]
        self.health.services.scale(place.cluster, place.service, 0)
        self.say(f"the tasks of {colour} are removed")

    def say(self, words: str) -> None:
        """Into the run's log."""
        self.health.log(f"{self.service.service}: {words}")

    def _send(self, port: int, colour: Colour) -> None:
        self.health.load_balancers.send(self.balancer.name, port, {self.groups[colour]: ALL})


def running(health: ServiceHealth, service: ServiceSpec) -> str:
    """The task definition (an ARN) of the tasks that users are sent to now, "" for none."""
    colours = colours_of(health, service)
    if colours is None:
        return health.services.state(service.cluster, service.service).task_definition
    return colours.state(colours.traffic().live).task_definition


def colours_of(health: ServiceHealth, service: ServiceSpec) -> ServiceColours | None:
    """The two colours of a service, or None where it has one."""
    balancer = service.load_balancer
    return ServiceColours(health, service, balancer) if balancer and balancer.green_service else None
