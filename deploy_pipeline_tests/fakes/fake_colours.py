"""An ECS cluster and its load balancer in memory that do what they are told at once: for services of two colours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.load_balancers import Address, Forward, LoadBalancers, Target
from deploy_pipeline.gateways.services import RunningTask, Services, ServiceState, TaskDefinition
from deploy_pipeline.gateways.web import NO_HEADERS, Answer, Web, WebUnreachable

PORT = 8080


@dataclass
class FakeCluster(Services):
    """`running` maps a service to its task definition and number of tasks. A task's address tells what it runs."""

    running: dict[str, tuple[str, int]]
    newest: TaskDefinition
    done: list[str] = field(default_factory=list)

    def state(self, cluster: str, service: str) -> ServiceState:
        if service not in self.running:
            raise DeployError("there is no such active service", where=f"ECS service {cluster}/{service}")
        definition, tasks = self.running[service]
        return ServiceState(definition, tasks, tasks, 0, "COMPLETED", "")

    def latest_task_definition(self, family: str) -> TaskDefinition:
        return self.newest

    def update(self, cluster: str, service: str, task_definition: str, desired: int | None = None) -> None:
        tasks = self.running[service][1] if desired is None else desired
        self.running[service] = (task_definition, tasks)
        self.done.append(f"{service} runs {tasks} of {task_definition}")

    def scale(self, cluster: str, service: str, desired: int) -> None:
        self.running[service] = (self.running[service][0], desired)
        self.done.append(f"{service} has {desired} tasks")

    def tasks(self, cluster: str, service: str) -> tuple[RunningTask, ...]:
        definition, tasks = self.running[service]
        return tuple(
            RunningTask(f"arn:task/{service}-{n}", definition, "RUNNING", "UNKNOWN", f"{definition}-{n}.{service}", "")
            for n in range(tasks)
        )

    def stopped_tasks(self, cluster: str, service: str, task_definition: str) -> tuple[RunningTask, ...]:
        return ()


@dataclass
class FakeListeners(LoadBalancers):
    """`listening` maps a port to its weights, `members` a target group to its service; all tasks are healthy targets.

    `trouble` is raised once, by the change with this number (from 0), after it was made.
    """

    cluster: FakeCluster
    listening: dict[int, dict[str, int]]
    members: Mapping[str, str]
    trouble: dict[int, BaseException] = field(default_factory=dict)
    changes: int = 0

    def targets(self, target_group: str) -> tuple[Target, ...]:
        tasks = self.cluster.tasks("", self.members[target_group])
        return tuple(Target(task.address or "", PORT, "healthy", "") for task in tasks)

    def forwards(self, load_balancer: str, port: int) -> tuple[Forward, ...]:
        return tuple(Forward(group, weight) for group, weight in self.listening[port].items())

    def send(self, load_balancer: str, port: int, weights: Mapping[str, int]) -> None:
        self.listening[port] = dict(weights)
        self.cluster.done.append(f"{port} sends to {', '.join(group for group, weight in weights.items() if weight)}")
        self.changes += 1
        if error := self.trouble.pop(self.changes - 1, None):
            raise error

    def address(self, load_balancer: str, port: int) -> Address:
        return Address(f"http://{load_balancer}:{port}")


@dataclass
class FakeTasks(Web):
    """Answers 200 for every task and listener, but what `ill` says: a part of the URL -> the statuses, one a call."""

    ill: dict[str, list[int | None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def call(
        self, method: str, url: str, *, headers: Mapping[str, str] = NO_HEADERS, body: str | None = None,
        timeout: float = 10,
    ) -> Answer:  # fmt: skip
        self.asked.append(url)
        answers = next((given for part, given in self.ill.items() if part in url), [200])
        status = answers.pop(0) if len(answers) > 1 else answers[0]
        if status is None:
            raise WebUnreachable("refused", where=url, retryable=True)
        return Answer(status, "ok")
