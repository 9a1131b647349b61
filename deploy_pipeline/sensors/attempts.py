"""The key of the next run for something that is done once, and begun again where its run died."""

import dagster as dg

from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.ops.holding import has_died

MOST_ATTEMPTS = 3
"""Of something whose runs die: the next one might end the service, too."""


def next_key(instance: dg.DagsterInstance, ledger: Ledger, sensor: str, key: str) -> str:
    """`key`, or that of the first attempt after it whose run has not died; the last one stays. Raises DeployError."""
    wanted = key
    for attempt in range(1, MOST_ATTEMPTS):
        tags = {"dagster/run_key": wanted, "dagster/sensor_name": sensor}
        if not any(has_died(instance, ledger, run) for run in instance.get_runs(filters=dg.RunsFilter(tags=tags))):
            return wanted
        wanted = f"{key}:{attempt}"
    return wanted
