"""Moves an ECS service to a new task definition and waits until every task runs it and answers its health path."""

from collections.abc import Callable

from deploy_pipeline.core.candidate import DeployedService, ServiceDeployment
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.service_health import (
    ServiceObservation,
    ServiceVerdict,
    TaskObservation,
    judge_service,
    judge_targets,
)
from deploy_pipeline.core.spec import LoadBalancerSpec, ServiceSpec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.services import RunningTask, Services, TaskDefinition
from deploy_pipeline.gateways.web import Web, WebUnreachable
from deploy_pipeline.ops.waiting import wait_until

POLL_SECONDS = 1.0
PROBE_SECONDS = 5.0


class ServiceUpdate:
    """One attempt for one service. On failure the service is told to run its previous task definition again."""

    def __init__(
        self, services: Services, load_balancers: LoadBalancers, web: Web, clock: Clock, log: Callable[[str], None]
    ) -> None:
        self._services = services
        self._load_balancers = load_balancers
        self._web = web
        self._clock = clock
        self._log = log
        self._last = ""
        self._stopped_before: frozenset[str] = frozenset()

    def serves(self, service: ServiceSpec, target: str) -> bool:
        """Whether every task runs `target` and answers now: one look, and nothing is changed."""
        if self._services.state(service.cluster, service.service).task_definition != target:
            return False
        self._stopped_before = frozenset(task.arn for task in self._stopped(service, target))
        verdict = self._settled(service, target)
        return verdict is not None and verdict.outcome == "healthy"

    def run(self, deployment: ServiceDeployment, target: TaskDefinition) -> DeployedService:
        """Update the service, wait, and return what runs; raise `DeployError` when it does not become healthy."""
        service = deployment.service
        before = self._services.state(service.cluster, service.service).task_definition
        try:
            verdict = self._move(service, target.arn)
        except BaseException:  # a cancel, too: nobody would look at the new tasks any more
            if before != target.arn:
                self._services.update(service.cluster, service.service, before)
            raise
        if verdict.outcome != "healthy":
            self._go_back(service, before, target.arn, verdict)
        running = self._services.state(service.cluster, service.service).running
        return DeployedService(
            deployment.name, service.service, service.cluster, target.arn, before, deployment.image.pinned, running
        )

    def target(self, deployment: ServiceDeployment) -> TaskDefinition:
        """The newest task definition of the service's family. Raises DeployError where it does not run the image."""
        service = deployment.service
        target = self._services.latest_task_definition(service.task_family)
        found = target.images.get(service.container)
        if found != deployment.image.pinned:
            raise DeployError(
                f"the newest task definition runs {found}, not {deployment.image.pinned}",
                where=f"task family {service.task_family}, container {service.container}",
                todo="let Terraform make it from the image variable, and check `container` in deploy.yaml",
            )
        return target

    def _move(self, service: ServiceSpec, target: str) -> ServiceVerdict:
        """Point the service at a task definition and wait for the verdict: healthy, failed, or too late."""
        self._stopped_before = frozenset(task.arn for task in self._stopped(service, target))
        self._services.update(service.cluster, service.service, target)
        seconds = service.stable_within_seconds
        verdict = wait_until(self._clock, lambda: self._settled(service, target), seconds=seconds, every=POLL_SECONDS)
        return verdict or ServiceVerdict("waiting", f"not healthy after {seconds} s: {self._last}")

    def _settled(self, service: ServiceSpec, target: str) -> ServiceVerdict | None:
        try:
            verdict = self._judge(service, target)
        except DeployError as error:
            if not error.retryable:
                raise
            verdict = ServiceVerdict("waiting", str(error))
        if verdict.reason != self._last:
            self._log(f"{service.service}: {verdict.reason}")
            self._last = verdict.reason
        return None if verdict.outcome == "waiting" else verdict

    def _judge(self, service: ServiceSpec, target: str) -> ServiceVerdict:
        tasks = self._services.tasks(service.cluster, service.service)
        answers = {task.arn: self._answer(task, service) for task in tasks if task.task_definition == target}
        verdict = judge_service(self._observe(service, target, tasks), target, answers)
        if verdict.outcome != "healthy" or service.load_balancer is None:
            return verdict
        return self._judge_traffic(service.load_balancer, [task.address or "" for task in tasks if task.arn in answers])

    def _judge_traffic(self, balancer: LoadBalancerSpec, addresses: list[str]) -> ServiceVerdict:
        """Tasks that answer us must be reached by the load balancer, too."""
        forwards = self._load_balancers.forwards(balancer.name, balancer.production_port)
        group = max(forwards, key=lambda forward: forward.weight).target_group if forwards else ""
        states = {each.address: each.state for each in self._load_balancers.targets(group)} if group else {}
        return judge_targets(group or "no target group", addresses, states)

    def _observe(self, service: ServiceSpec, target: str, tasks: tuple[RunningTask, ...]) -> ServiceObservation:
        state = self._services.state(service.cluster, service.service)
        stopped = [task for task in self._stopped(service, target) if task.arn not in self._stopped_before]
        return ServiceObservation(
            task_definition=state.task_definition, desired=state.desired, running=state.running, pending=state.pending,
            rollout_state=state.rollout_state, rollout_reason=state.rollout_reason,
            tasks=tuple(observed(task) for task in tasks), stopped=tuple(observed(task) for task in stopped),
        )  # fmt: skip

    def _stopped(self, service: ServiceSpec, target: str) -> tuple[RunningTask, ...]:
        return self._services.stopped_tasks(service.cluster, service.service, target)

    def _answer(self, task: RunningTask, service: ServiceSpec) -> int | None:
        if task.address is None or task.status != "RUNNING":
            return None
        try:
            url = f"http://{task.address}:{service.port}{service.health_path}"
            return self._web.call("GET", url, timeout=PROBE_SECONDS).status
        except WebUnreachable:
            return None

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
        self._log(f"{service.service}: going back to {earlier}")
        verdict = self._move(service, before)
        return f"{earlier} serves again" if verdict.outcome == "healthy" else f"{earlier} does not: {verdict.reason}"


def observed(task: RunningTask) -> TaskObservation:
    """What the decision needs of a task."""
    return TaskObservation(task.arn, task.task_definition, task.status, task.health, task.stopped_reason)
