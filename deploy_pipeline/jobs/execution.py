"""How the steps of every job run: in threads of the run worker, so that they start at once and none outlives it."""

import os

from deploy_pipeline.executor import thread_executor
from deploy_pipeline.ops.checks import BUSY

STEPS_AT_ONCE = 8
DOCKER_STEPS_AT_ONCE = 3
"""More builds at the same time only wait for each other's disk."""
BUSY_STEPS_AT_ONCE = (os.cpu_count() or 1) + 1
"""Checks keep a processor busy: more of them at the same time only take it from each other, which costs time itself."""
# dagster.yaml allows one run with this tag: checks of what is live must not meet a deployment half-way.
ONE_AT_A_TIME = {"deploy-target": "live"}

executor = thread_executor.configured(
    {
        "max_concurrent": STEPS_AT_ONCE,
        "tag_concurrency_limits": [
            {"key": "dagster/kind", "value": "docker", "limit": DOCKER_STEPS_AT_ONCE},
            {"key": BUSY, "limit": BUSY_STEPS_AT_ONCE},
        ],
    },
    name="step_threads",
)
