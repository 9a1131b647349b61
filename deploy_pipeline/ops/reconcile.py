"""Settles what a dead run has left behind: finished where it is live, undone where it is not."""

import dagster as dg

from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import NEVER


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "s3"})
@stage
def reconcile(context: dg.OpExecutionContext, hold: dg.ResourceParam[Hold]) -> str:
    """Take the lease of the dead run, and settle its deployment. Refused while that run gives signs of life."""
    settled = hold.take_over()
    said = f"{settled.id}: {settled.outcome}, {settled.reason}" if settled else "nothing was left behind"
    context.add_output_metadata({"settled": said})
    return said
