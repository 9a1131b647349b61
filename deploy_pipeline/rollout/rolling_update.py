"""Moves an ECS service to a new task definition in place, and waits until every task runs it and answers."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy_pipeline.core.candidate import DeployedService, ServiceDeployment
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.service_health import ServiceVerdict
from deploy_pipeline.core.spec import ServiceSpec
from deploy_pipeline.gateways.services import Services, TaskDefinition
from deploy_pipeline.rollout.service_health import Place, ServiceHealth


@dataclass
class RollingUpdate:
    """One attempt for one service. On failure the service is told to run its previous task definition again."""

    health: ServiceHealth

    def serves(self, service: ServiceSpec, target: str) -> bool:
        """Whether every task runs `target` and answers now: one look, and nothing is changed."""
        if self.health.services.state(service.cluster, service.service).task_definition != target:
            return False
        return self.health.serves(self._place(service), target)

    def run(
        self, deployment: ServiceDeployment, target: TaskDefinition, moving: Callable[[str, str], None]
    ) -> DeployedService:
        """Update the service, wait, and return what runs; raise `DeployError` when it does not become healthy.

        `moving` is told the service and what it runs (an ARN) before it is changed.
        """
        service = deployment.service
        place = self._place(service)
        before = self.health.services.state(service.cluster, service.service).task_definition
        moving(service.service, before)
        try:
            verdict = self._move(place, target.arn, service.stable_within_seconds)
        except BaseException:  # a cancel, too: nobody would look at the new tasks any more
            if before != target.arn:
                self.health.services.update(service.cluster, service.service, before)
            raise
        if verdict.outcome != "healthy":
            self._go_back(service, before, target.arn, verdict)
        running = self.health.services.state(service.cluster, service.service).running
        return DeployedService(
            deployment.name, service.service, service.cluster, target.arn, before, deployment.image.pinned, running
        )

    def return_to(self, service: ServiceSpec, task_definition: str) -> None:
        """Have an earlier task definition (an ARN) run again. Raises DeployError when it does not become healthy."""
        verdict = self._move(self._place(service), task_definition, service.stable_within_seconds)
        if verdict.outcome != "healthy":
            raise DeployError(verdict.reason, where=f"service {service.service}", todo="read the task's log")

    def _place(self, service: ServiceSpec) -> Place:
        """The service, and the target group to which the production listener sends the most."""
        group, balancer = "", service.load_balancer
        if balancer is not None:
            forwards = self.health.load_balancers.forwards(balancer.name, balancer.production_port)
            group = max(forwards, key=lambda forward: forward.weight).target_group if forwards else ""
            if not group:
                raise DeployError(
                    "the production listener forwards to no target group",
                    where=f"load balancer {balancer.name}, port {balancer.production_port}",
                    todo="let its default action forward to the service's target group",
                )
        return Place(service.cluster, service.service, service.port, service.health_path, group)

    def _move(self, place: Place, target: str, seconds: float) -> ServiceVerdict:
        """Point the service at a task definition and wait for the verdict: healthy, failed, or too late."""
        self.health.from_now(place, target)
        self.health.services.update(place.cluster, place.service, target)
        return self.health.settle(place, target, seconds)

    def _go_back(self, service: ServiceSpec, before: str, target: str, verdict: ServiceVerdict) -> None:
        """Have the previous task definition run again, then end the stage with what became of both."""
        raise DeployError(
            f"{verdict.reason} ({self._restored(service, before, target)})",
            where=f"service {service.service}",
            todo=f"read the task's log, correct what keeps it from answering {service.health_path}, and merge that",
        )

    def _restored(self, service: ServiceSpec, before: str, target: str) -> str:
        if before == target:
            return "there is no earlier task definition to go back to"
        earlier = before.rsplit("/", 1)[-1]
        self.health.log(f"{service.service}: going back to {earlier}")
        verdict = self._move(self._place(service), before, service.stable_within_seconds)
        return f"{earlier} serves again" if verdict.outcome == "healthy" else f"{earlier} does not: {verdict.reason}"


def newest_of(services: Services, deployment: ServiceDeployment) -> TaskDefinition:
    """The newest task definition of the service's family. Raises DeployError where it does not run the image."""
    service = deployment.service
    target = services.latest_task_definition(service.task_family)
    found = target.images.get(service.container)
    if found != deployment.image.pinned:
        raise DeployError(
            f"the newest task definition runs {found}, not {deployment.image.pinned}",
            where=f"task family {service.task_family}, container {service.container}",
            todo="let Terraform make it from the image variable, and check `container` in deploy.yaml",
        )
    return target
