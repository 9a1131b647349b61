"""ECS services in memory, whose state unfolds one look at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.services import RunningTask, Services, ServiceState, TaskDefinition


@dataclass(frozen=True)
class Look:
    """What one look at a service shows."""

    state: ServiceState
    tasks: tuple[RunningTask, ...] = ()
    stopped: tuple[RunningTask, ...] = ()


class FakeServices(Services):
    """`looks` maps (cluster, service) to what is seen in turn; the last one stays.

    A look ends when a question is asked for the second time, in whatever order, and when the service is updated.
    `task_definitions` maps a family to its newest revision. `updates` holds (cluster, service, task definition).
    """

    def __init__(
        self,
        looks: Mapping[tuple[str, str], Sequence[Look]],
        task_definitions: Mapping[str, TaskDefinition] | None = None,
    ) -> None:
        self._looks = {name: list(each) for name, each in looks.items()}
        self._asked: dict[tuple[str, str], set[str]] = {name: set() for name in self._looks}
        self._task_definitions = dict(task_definitions or {})
        self.updates: list[tuple[str, str, str]] = []

    def state(self, cluster: str, service: str) -> ServiceState:
        return self._look(cluster, service, "state").state

    def latest_task_definition(self, family: str) -> TaskDefinition:
        if family not in self._task_definitions:
            raise DeployError("ClientException", where=f"ECS task family {family}", todo="terraform apply")
        return self._task_definitions[family]

    def update(self, cluster: str, service: str, task_definition: str, desired: int | None = None) -> None:
        self.updates.append((cluster, service, task_definition))
        self._next(cluster, service)

    def scale(self, cluster: str, service: str, desired: int) -> None:
        raise AssertionError(f"{service} was not to get {desired} tasks")

    def tasks(self, cluster: str, service: str) -> tuple[RunningTask, ...]:
        return self._look(cluster, service, "tasks").tasks

    def stopped_tasks(self, cluster: str, service: str, task_definition: str) -> tuple[RunningTask, ...]:
        stopped = self._look(cluster, service, "stopped").stopped
        return tuple(task for task in stopped if task.task_definition == task_definition)

    def _look(self, cluster: str, service: str, question: str) -> Look:
        name = (cluster, service)
        if name not in self._looks:
            raise DeployError("there is no such active service", where=f"ECS service {cluster}/{service}")
        if question in self._asked[name]:
            self._next(cluster, service)
        self._asked[name].add(question)
        return self._looks[name][0]

    def _next(self, cluster: str, service: str) -> None:
        looks = self._looks.get((cluster, service), [])
        del looks[: len(looks) > 1]
        self._asked[cluster, service] = set()
