"""Moves one service in the way that the spec gives it: blue/green where it has two colours, else in place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from deploy_pipeline.core.candidate import DeployedService, ServiceDeployment
from deploy_pipeline.core.colours import OTHER
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import ServiceMove
from deploy_pipeline.core.smoke import Judgement
from deploy_pipeline.core.spec import LoadBalancerSpec, ServiceSmokeTest
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.services import TaskDefinition
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.smoke_calls import answered
from deploy_pipeline.rollout.blue_green import BlueGreen
from deploy_pipeline.rollout.ear import Ear
from deploy_pipeline.rollout.rolling_update import RollingUpdate
from deploy_pipeline.rollout.service_colours import ServiceColours, colours_of
from deploy_pipeline.rollout.service_health import ServiceHealth


def moving(hold: Hold, deployment: ServiceDeployment, target: str) -> Callable[[str, str], None]:
    """Writes down, before a service moves to `target` (an ARN), which ECS service has users and what it runs."""
    name, spec = deployment.name, deployment.service
    return lambda service, stable: hold.move_service(ServiceMove(name, spec, service, stable, target))


@dataclass
class ServiceRollout:
    """One attempt for one service. `bake_clock` is the one by which the minutes of the bake pass.

    `moving` is told, before anything is changed, which ECS service has users and what it runs (an ARN). Through `ear` a
    person may end the bake. `baked_seconds` is how long it was only watched, in seconds of the machine.
    """

    deployment: ServiceDeployment
    health: ServiceHealth
    bake_clock: Clock
    moving: Callable[[str, str], None]
    ear: Ear = field(default_factory=Ear)
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
            return RollingUpdate(self.health).run(self.deployment, target, self.moving)
        colours = self.colours
        rules = self.deployment.candidate.spec.rollout.services
        smoke = partial(self._try, colours.balancer)
        rollout = BlueGreen(colours, rules, self.bake_clock, smoke, self.moving, self.ear)
        try:
            colour = rollout.run(target.arn)
        finally:
            self.ear.shut()
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
