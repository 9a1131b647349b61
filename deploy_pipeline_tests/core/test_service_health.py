"""The verdict on an ECS service, as a table of looks."""

from dataclasses import replace

import pytest

from deploy_pipeline.core.service_health import ServiceObservation, ServiceVerdict, TaskObservation, judge_service

OLD = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:6"
NEW = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:7"
ONE = TaskObservation("arn:task/one", NEW, "RUNNING")
TWO = TaskObservation("arn:task/two", NEW, "RUNNING")
LEAVING = TaskObservation("arn:task/old", OLD, "RUNNING")
EXITED = TaskObservation("arn:task/gone", NEW, "STOPPED", stopped_reason="Essential container exited; exit code 1")
SCALED_IN = replace(EXITED, stopped_reason="Scaling activity initiated by (deployment ecs-svc/1)")
WELL = ServiceObservation(NEW, 2, 2, 0, "COMPLETED", "ECS deployment completed.", (ONE, TWO))
ANSWERS: dict[str, int | None] = {"arn:task/one": 200, "arn:task/two": 200}

LOOKS = {
    "all run and answer": (WELL, ANSWERS, ServiceVerdict("healthy", "2 of 2 tasks run api:7 and answer 200")),
    "an old task still drains": (
        replace(WELL, tasks=(ONE, TWO, LEAVING)),
        ANSWERS,
        ServiceVerdict("healthy", "2 of 2 tasks run api:7 and answer 200"),
    ),
    "still in progress by ECS's word": (
        replace(WELL, rollout_state="IN_PROGRESS"),
        ANSWERS,
        ServiceVerdict("healthy", "2 of 2 tasks run api:7 and answer 200"),
    ),
    "completed by ECS's word but nothing runs": (
        replace(WELL, running=0, tasks=()),
        ANSWERS,
        ServiceVerdict("waiting", "0 of 2 tasks run api:7, 0 pending"),
    ),
    "only the old task definition runs": (
        replace(WELL, tasks=(LEAVING, replace(LEAVING, arn="arn:task/old2"))),
        ANSWERS,
        ServiceVerdict("waiting", "0 of 2 tasks run api:7, 0 pending"),
    ),
    "one is pending": (
        replace(WELL, pending=1, tasks=(ONE, replace(TWO, status="PENDING"))),
        ANSWERS,
        ServiceVerdict("waiting", "1 of 2 tasks run api:7, 1 pending"),
    ),
    "enough run, and ECS starts one more": (
        replace(WELL, pending=1),
        ANSWERS,
        ServiceVerdict("waiting", "2 of 2 tasks run api:7, 1 pending"),
    ),
    "a third does not run yet": (
        replace(WELL, tasks=(ONE, TWO, replace(ONE, arn="arn:task/three", status="PROVISIONING"))),
        ANSWERS,
        ServiceVerdict("waiting", "2 of 2 tasks run api:7, 0 pending"),
    ),
    "one answers 503": (
        WELL,
        {**ANSWERS, "arn:task/two": 503},
        ServiceVerdict("waiting", "task two answers 503, and must answer 200"),
    ),
    "one does not answer": (
        WELL,
        {**ANSWERS, "arn:task/two": None},
        ServiceVerdict("waiting", "task two does not answer, and must answer 200"),
    ),
    "one was not asked": (
        WELL,
        {"arn:task/one": 200},
        ServiceVerdict("waiting", "task two does not answer, and must answer 200"),
    ),
    "one fails its container's check": (
        replace(WELL, tasks=(ONE, replace(TWO, health="UNHEALTHY"))),
        ANSWERS,
        ServiceVerdict("waiting", "task two fails its container's own health check"),
    ),
    "two stopped": (
        replace(WELL, tasks=(ONE,), stopped=(EXITED, EXITED)),
        ANSWERS,
        ServiceVerdict(
            "waiting", "1 of 2 tasks run api:7, 0 pending; 2 stopped: Essential container exited; exit code 1"
        ),
    ),
    "three stopped": (
        replace(WELL, stopped=(EXITED, EXITED, replace(EXITED, stopped_reason="OutOfMemoryError; exit code 137"))),
        ANSWERS,
        ServiceVerdict(
            "failed",
            "tasks of api:7 keep stopping; 3 stopped: "
            "Essential container exited; exit code 1 | OutOfMemoryError; exit code 137",
        ),
    ),
    "three stopped of the old one": (
        replace(WELL, stopped=(replace(EXITED, task_definition=OLD),) * 3),
        ANSWERS,
        ServiceVerdict("healthy", "2 of 2 tasks run api:7 and answer 200"),
    ),
    "three scaled in": (
        replace(WELL, stopped=(SCALED_IN,) * 3),
        ANSWERS,
        ServiceVerdict("healthy", "2 of 2 tasks run api:7 and answer 200"),
    ),
    "stopped without a reason": (
        replace(WELL, stopped=(replace(EXITED, stopped_reason=""),) * 3),
        ANSWERS,
        ServiceVerdict("failed", "tasks of api:7 keep stopping; 3 stopped: no reason given"),
    ),
    "the circuit breaker stopped it": (
        replace(
            WELL, rollout_state="FAILED", rollout_reason="circuit breaker: tasks failed to start", stopped=(EXITED,)
        ),
        ANSWERS,
        ServiceVerdict(
            "failed",
            "ECS gave up on the deployment of api:7 (FAILED: circuit breaker: tasks failed to start); "
            "1 stopped: Essential container exited; exit code 1",
        ),
    ),
    "the circuit breaker rolled back": (
        replace(WELL, task_definition=OLD, rollout_state="IN_PROGRESS", rollout_reason="rolling back"),
        ANSWERS,
        ServiceVerdict(
            "failed",
            "the service was moved from api:7 to api:6 (IN_PROGRESS: rolling back), "
            "by ECS's circuit breaker or by someone else",
        ),
    ),
    "no tasks are wanted": (
        replace(WELL, desired=0, running=0, tasks=()),
        {},
        ServiceVerdict("failed", "the service wants 0 tasks, so nothing can show that api:7 works"),
    ),
}


@pytest.mark.parametrize(("state", "answers", "expected"), LOOKS.values(), ids=LOOKS.keys())
def test_judge_service(state: ServiceObservation, answers: dict[str, int | None], expected: ServiceVerdict) -> None:
    assert judge_service(state, NEW, answers) == expected
