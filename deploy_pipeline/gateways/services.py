"""ECS services: read their state, point them at a task definition. Whether a service is well is decided elsewhere."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class TaskDefinition:
    """A revision of a task family. `images` maps each container's name to its image."""

    arn: str
    images: dict[str, str]


@dataclass(frozen=True)
class RunningTask:
    """A task of a service. `address` is its private IPv4 address, None until it has one."""

    arn: str
    task_definition: str
    status: str
    health: str
    address: str | None
    stopped_reason: str


@dataclass(frozen=True)
class ServiceState:
    """A service and its primary deployment: its task definition (an ARN), numbers of tasks, and the rollout."""

    task_definition: str
    desired: int
    running: int
    pending: int
    rollout_state: str
    rollout_reason: str


class Services(ABC):
    """The services of one account and region."""

    @abstractmethod
    def state(self, cluster: str, service: str) -> ServiceState:
        """The service as AWS reports it. A missing cluster or service is a `DeployError`."""

    @abstractmethod
    def latest_task_definition(self, family: str) -> TaskDefinition:
        """The newest active revision of the family."""

    @abstractmethod
    def update(self, cluster: str, service: str, task_definition: str, desired: int | None = None) -> None:
        """Point the service at a task definition (an ARN), and give it so many tasks; the tasks follow later."""

    @abstractmethod
    def scale(self, cluster: str, service: str, desired: int) -> None:
        """Give the service so many tasks of what it runs; they follow later."""

    @abstractmethod
    def tasks(self, cluster: str, service: str) -> tuple[RunningTask, ...]:
        """The tasks that should be running, of any task definition."""

    @abstractmethod
    def stopped_tasks(self, cluster: str, service: str, task_definition: str) -> tuple[RunningTask, ...]:
        """The stopped tasks of one task definition, newest first; AWS forgets them after about an hour.

        `stopped_reason` joins the task's reason with each container's reason and exit code.
        """
