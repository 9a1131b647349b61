"""How the steps of every job run: in processes of their own, forked from one that has the package loaded already."""

import dagster as dg

STEPS_AT_ONCE = 4
# dagster.yaml allows one run with this tag: checks of what is live must not meet a deployment half-way.
ONE_AT_A_TIME = {"deploy-target": "live"}

executor = dg.multiprocess_executor.configured(
    {
        "max_concurrent": STEPS_AT_ONCE,
        "start_method": {"forkserver": {"preload_modules": ["deploy_pipeline.preload"]}},
    },
    name="step_processes",
)
