"""Whether an ECS service runs what it should: decided from one look at it. Asks nobody and waits for nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

STOPPED_TASKS_THAT_FAIL = 3
HTTP_OK = 200
# ECS's own words when it removes a task that was well: the service was scaled in or moved on.
SCALED_IN = "Scaling activity initiated by"

ServiceOutcome = Literal["waiting", "healthy", "failed"]


@dataclass(frozen=True)
class TaskObservation:
    """A task of the service. `status` and `health` are ECS's words; `stopped_reason` holds the exit codes too."""

    arn: str
    task_definition: str
    status: str
    health: str = "UNKNOWN"
    stopped_reason: str = ""


@dataclass(frozen=True)
class ServiceObservation:
    """One look at a service and its primary deployment.

    `tasks` are those that should run, of any task definition. `stopped` are those that stopped since the service was
    pointed at the target, newest first.
    """

    task_definition: str
    desired: int
    running: int
    pending: int
    rollout_state: str
    rollout_reason: str
    tasks: tuple[TaskObservation, ...] = ()
    stopped: tuple[TaskObservation, ...] = ()


@dataclass(frozen=True)
class ServiceVerdict:
    """What one look says. `waiting` may become either of the others; the reason shows the numbers of both sides."""

    outcome: ServiceOutcome
    reason: str


def judge_targets(group: str, addresses: Sequence[str], states: Mapping[str, str]) -> ServiceVerdict:
    """Judge whether the load balancer sends traffic to every task.

    `addresses` are the tasks', `states` maps an address to the word that the target group `group` has for it.
    """
    healthy = [address for address in addresses if states.get(address) == "healthy"]
    words = sorted({states.get(address, "not registered") for address in addresses} - {"healthy"})
    numbers = f"{len(healthy)} of {len(addresses)} tasks are healthy targets of {group}"
    return ServiceVerdict("waiting" if words or not addresses else "healthy", ", ".join([numbers, *words]))


def judge_service(state: ServiceObservation, target: str, answers: Mapping[str, int | None]) -> ServiceVerdict:
    """Judge whether the service runs the task definition `target` (an ARN) and answers.

    `answers` maps the ARN of a task to the HTTP status of its health path, None when nothing answered.
    The service's own `COMPLETED` proves nothing: ECS says it of a service whose tasks exit at once, too.
    """
    if failure := _failure(state, target):
        return ServiceVerdict("failed", failure)
    if missing := _missing(state, target, answers):
        return ServiceVerdict("waiting", missing)
    tasks = _of(state.tasks, target)
    return ServiceVerdict("healthy", f"{len(tasks)} of {state.desired} tasks run {_name(target)} and answer {HTTP_OK}")


def _failure(state: ServiceObservation, target: str) -> str:
    if state.task_definition != target:
        moved = f"the service was moved from {_name(target)} to {_name(state.task_definition)}"
        return f"{moved} ({_rollout(state)}), by ECS's circuit breaker or by someone else"
    if state.rollout_state == "FAILED":
        return f"ECS gave up on the deployment of {_name(target)} ({_rollout(state)}){_stops(state, target)}"
    if len(_crashed(state, target)) >= STOPPED_TASKS_THAT_FAIL:
        return f"tasks of {_name(target)} keep stopping{_stops(state, target)}"
    if state.desired < 1:
        return f"the service wants {state.desired} tasks, so nothing can show that {_name(target)} works"
    return ""


def _missing(state: ServiceObservation, target: str, answers: Mapping[str, int | None]) -> str:
    tasks = _of(state.tasks, target)
    running = [task for task in tasks if task.status == "RUNNING"]
    if len(running) < state.desired or len(running) < len(tasks) or state.pending:
        numbers = f"{len(running)} of {state.desired} tasks run {_name(target)}, {state.pending} pending"
        return f"{numbers}{_stops(state, target)}"
    for task in tasks:
        if task.health == "UNHEALTHY":
            return f"task {_name(task.arn)} fails its container's own health check"
        if (answer := answers.get(task.arn)) != HTTP_OK:
            said = "does not answer" if answer is None else f"answers {answer}"
            return f"task {_name(task.arn)} {said}, and must answer {HTTP_OK}"
    return ""


def _crashed(state: ServiceObservation, target: str) -> list[TaskObservation]:
    return [task for task in _of(state.stopped, target) if not task.stopped_reason.startswith(SCALED_IN)]


def _stops(state: ServiceObservation, target: str) -> str:
    crashed = _crashed(state, target)
    if not crashed:
        return ""
    reasons = list(dict.fromkeys(task.stopped_reason or "no reason given" for task in crashed))
    return f"; {len(crashed)} stopped: {' | '.join(reasons[:STOPPED_TASKS_THAT_FAIL])}"


def _of(tasks: Sequence[TaskObservation], target: str) -> list[TaskObservation]:
    return [task for task in tasks if task.task_definition == target]


def _rollout(state: ServiceObservation) -> str:
    return f"{state.rollout_state}: {state.rollout_reason}" if state.rollout_reason else state.rollout_state


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
