"""Looks at an ECS service: does every task run what it should, answer its health path, and get traffic?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.service_health import (
    HTTP_OK,
    ServiceObservation,
    ServiceVerdict,
    TaskObservation,
    judge_service,
    judge_targets,
)
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.services import RunningTask, Services
from deploy_pipeline.gateways.waiting import wait_until
from deploy_pipeline.gateways.web import Web, WebUnreachable

POLL_SECONDS = 1.0
PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class Place:
    """A service in ECS and what its tasks answer. `group` is the target group that they belong to, "" for none."""

    cluster: str
    service: str
    port: int
    health_path: str
    group: str = ""


@dataclass
class ServiceHealth:
    """The health of services, task by task; ECS's own word for it is never enough."""

    services: Services
    load_balancers: LoadBalancers
    web: Web
    clock: Clock
    log: Callable[[str], None]
    last: str = ""
    stopped_before: frozenset[str] = field(default_factory=frozenset)

    def from_now(self, place: Place, target: str) -> None:
        """Hold nothing against a task definition (an ARN) that stopped before this moment."""
        self.stopped_before = frozenset(task.arn for task in self._stopped(place, target))

    def serves(self, place: Place, target: str) -> bool:
        """Whether every task runs `target` and answers now: one look."""
        self.from_now(place, target)
        verdict = self._settled(place, target)
        return verdict is not None and verdict.outcome == "healthy"

    def settle(self, place: Place, target: str, seconds: float) -> ServiceVerdict:
        """Wait until all of it is healthy or has failed; `waiting` after so many seconds without either."""
        verdict = wait_until(self.clock, lambda: self._settled(place, target), seconds=seconds, every=POLL_SECONDS)
        return verdict or ServiceVerdict("waiting", f"not healthy after {seconds:.0f} s: {self.last}")

    def healthy(self, place: Place, target: str) -> int:
        """How many tasks run `target`, answer now, and are healthy targets where there is a target group."""
        tasks = [task for task in self.services.tasks(place.cluster, place.service) if task.task_definition == target]
        answering = [task.address for task in tasks if self._answer(task, place) == HTTP_OK]
        states = self._states(place)
        return sum(not place.group or states.get(address or "") == "healthy" for address in answering)

    def _settled(self, place: Place, target: str) -> ServiceVerdict | None:
        try:
            verdict = self._judge(place, target)
        except DeployError as error:
            if not error.retryable:
                raise
            verdict = ServiceVerdict("waiting", str(error))
        if verdict.reason != self.last:
            self.log(f"{place.service}: {verdict.reason}")
            self.last = verdict.reason
        return None if verdict.outcome == "waiting" else verdict

    def _judge(self, place: Place, target: str) -> ServiceVerdict:
        tasks = self.services.tasks(place.cluster, place.service)
        answers = {task.arn: self._answer(task, place) for task in tasks if task.task_definition == target}
        verdict = judge_service(self._observe(place, target, tasks), target, answers)
        if verdict.outcome != "healthy" or not place.group:
            return verdict
        addresses = [task.address or "" for task in tasks if task.arn in answers]
        return judge_targets(place.group, addresses, self._states(place))

    def _states(self, place: Place) -> dict[str, str]:
        """The word that the target group has for each address."""
        targets = self.load_balancers.targets(place.group) if place.group else ()
        return {each.address: each.state for each in targets}

    def _observe(self, place: Place, target: str, tasks: Sequence[RunningTask]) -> ServiceObservation:
        state = self.services.state(place.cluster, place.service)
        stopped = [task for task in self._stopped(place, target) if task.arn not in self.stopped_before]
        return ServiceObservation(
            task_definition=state.task_definition, desired=state.desired, running=state.running, pending=state.pending,
            rollout_state=state.rollout_state, rollout_reason=state.rollout_reason,
            tasks=tuple(observed(task) for task in tasks), stopped=tuple(observed(task) for task in stopped),
        )  # fmt: skip

    def _stopped(self, place: Place, target: str) -> tuple[RunningTask, ...]:
        return self.services.stopped_tasks(place.cluster, place.service, target)

    def _answer(self, task: RunningTask, place: Place) -> int | None:
        if task.address is None or task.status != "RUNNING":
            return None
        try:
            url = f"http://{task.address}:{place.port}{place.health_path}"
            return self.web.call("GET", url, timeout=PROBE_SECONDS).status
        except WebUnreachable:
            return None


def observed(task: RunningTask) -> TaskObservation:
    """What the decision needs of a task."""
    return TaskObservation(task.arn, task.task_definition, task.status, task.health, task.stopped_reason)
