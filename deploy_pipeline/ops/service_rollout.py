"""Moves one service in the way that the spec gives it: blue/green where it has two colours, else in place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy_pipeline.core.candidate import Candidate, DeployedService, ServiceDeployment
from deploy_pipeline.core.colours import OTHER
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.smoke import Judgement
from deploy_pipeline.core.spec import LoadBalancerSpec, ServiceSmokeTest, ServiceSpec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.interruptions import held_back
from deploy_pipeline.gateways.services import TaskDefinition
from deploy_pipeline.ops.smoke_calls import answered
from deploy_pipeline.rollout.blue_green import BlueGreen, give_back
from deploy_pipeline.rollout.rolling_update import RollingUpdate
from deploy_pipeline.rollout.service_colours import ServiceColours
from deploy_pipeline.rollout.service_health import ServiceHealth


@dataclass
class ServiceRollout:
    """One attempt for one service. `bake_clock` is the one by which the minutes of the bake pass.

    `baked_seconds` is how long it was only watched, in seconds of the machine.
    """

    deployment: ServiceDeployment
    health: ServiceHealth
    bake_clock: Clock
    baked_seconds: float = 0.0
    colours: ServiceColours | None = field(init=False)

    def __post_init__(self) -> None:
        self.colours = colours_of(self.health, self.deployment.service)

    def serves(self, target: str) -> bool:
        """Whether every task that has traffic runs `target` (an ARN) and answers now; nothing is changed."""
        if self.colours is not None:
            return self.colours.serves(target)
        return RollingUpdate(self.health).serves(self.deployment.service, target)

    def run(self, target: TaskDefinition) -> DeployedService:
        """Move it. Raises DeployError when what ran before serves again, or still."""
        if self.colours is None:
            return RollingUpdate(self.health).run(self.deployment, target)
        colours = self.colours
        rules = self.deployment.candidate.spec.rollout.services
        rollout = BlueGreen(colours, rules, self.bake_clock, lambda: self._try(colours.balancer))
        colour = rollout.run(target.arn)
        self.baked_seconds = rollout.baked_seconds
        place, running, other = colours.places[colour], colours.state(colour).running, colours.state(OTHER[colour])
        before = other.task_definition if other.desired else target.arn
        name, image = self.deployment.name, self.deployment.image.pinned
        return DeployedService(name, place.service, place.cluster, target.arn, before, image, running)

    def _try(self, balancer: LoadBalancerSpec) -> None:
        """Run the service's own smoke tests through the test listener. Raises DeployError where one does not pass."""
        for test in self.deployment.candidate.spec.smoke_tests:
            if not isinstance(test, ServiceSmokeTest) or test.service != self.deployment.name:
                continue
            judgement = self._through(balancer, test)
            self.health.log(f"{test.name} through the test listener: {judgement.detail}")
            if not judgement.passed:
                raise DeployError(
                    f"smoke test {test.name} did not pass before users were sent there: {judgement.detail}",
                    where=f"load balancer {balancer.name}, port {balancer.test_port}",
                    todo="correct what it says, and merge that; users were never sent there",
                )

    def _through(self, balancer: LoadBalancerSpec, test: ServiceSmokeTest) -> Judgement:
        address = self.health.load_balancers.address(balancer.name, balancer.test_port)
        return answered(self.health.web, self.health.clock, test, address.url + test.path, address.headers)


def colours_of(health: ServiceHealth, service: ServiceSpec) -> ServiceColours | None:
    """The two colours of a service, or None where it has one."""
    balancer = service.load_balancer
    return ServiceColours(health, service, balancer) if balancer and balancer.green_service else None


@contextmanager
def returning(health: ServiceHealth, candidate: Candidate, moved: Sequence[DeployedService]) -> Iterator[None]:
    """Whatever ends this early returns the services, too, to what served before. What could not be is said with it."""
    try:
        yield
    except BaseException as error:
        with held_back():
            left = "; ".join(returned(health, candidate, moved))
        if left and isinstance(error, Exception):
            raise DeployError(
                f"{error}\nServices that serve the new release: {left}", where="rollout of functions",
                todo="deploy again, or merge a correction: functions and services are of two releases now",
            ) from error  # fmt: skip
        if left:  # an interruption stays one
            health.log(f"Services that serve the new release: {left}")
        raise


def returned(health: ServiceHealth, candidate: Candidate, moved: Sequence[DeployedService]) -> tuple[str, ...]:
    """Send users back to the colours that served before. Returns what could not be returned, and why."""
    trouble = []
    for each in moved:
        colours = colours_of(health, candidate.spec.services[each.name])
        if each.task_definition == each.previous_task_definition:
            continue  # this run did not move it
        try:
            said = give_back(colours, each) if colours else f"{each.service} was updated in place"
        except DeployError as error:
            said = f"{each.service} could not be returned: {error}"
        trouble += [said] if said else []
    return tuple(trouble)
