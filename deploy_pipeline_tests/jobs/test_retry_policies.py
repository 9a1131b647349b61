"""Every op says when it is run again by itself, and none that moves traffic ever is."""

import dagster as dg
import pytest

from deploy_pipeline.definitions import JOBS
from deploy_pipeline.ops.retries import NEVER

MOVES = {
    "apply_terraform", "deploy_service", "roll_out_functions", "roll_back_functions", "roll_back_services",
    "roll_back_terraform", "reconcile",
}  # fmt: skip
OPS = {
    node.definition.name: node.definition
    for job in JOBS
    for node in job.graph.nodes
    if isinstance(node.definition, dg.OpDefinition)
}


@pytest.mark.parametrize("name", sorted(OPS))
def test_an_op_says_when_it_is_run_again(name: str) -> None:
    policy = OPS[name].retry_policy
    assert policy is not None
    assert (policy.max_retries == 0) == (policy == NEVER)


@pytest.mark.parametrize("name", sorted(MOVES))
def test_what_moves_traffic_is_never_run_again(name: str) -> None:
    assert OPS[name].retry_policy == NEVER


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_no_run_may_go_on_for_ever(job: dg.JobDefinition) -> None:
    assert float(job.tags["dagster/max_runtime"]) > 0
