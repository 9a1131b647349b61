"""One of the graphs in Prefect 3: `python -m benchmarks.engine_prefect GRAPH`, in an environment that has it alone."""

import sys
import time
from typing import Any

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

from benchmarks.engine_graph import graph

WORKERS = 16


@task
def step(seconds: float) -> None:
    """Sleep, or do nothing."""
    time.sleep(seconds)


@flow(task_runner=ThreadPoolTaskRunner(max_workers=WORKERS))
def steps_of(name: str) -> None:
    """Submit every step with those that it waits for; ends when all have ended, fails when one has failed."""
    wanted = graph(name)
    started: dict[str, Any] = {}
    for key, needs in wanted.steps.items():
        named = step.with_options(name=key)
        started[key] = named.submit(wanted.seconds, wait_for=[started[need] for need in needs])
    for future in started.values():
        future.result()


if __name__ == "__main__":
    steps_of(sys.argv[1])
