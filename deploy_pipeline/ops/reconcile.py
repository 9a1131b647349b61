"""Settles what a dead run has left behind: finished where it is live, undone where it is not."""

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.lease import Busy
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import NEVER


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "s3"})
@stage
def reconcile(context: dg.OpExecutionContext, hold: dg.ResourceParam[Hold]) -> str:
    """Take the lease of the dead run, and settle its deployment. Refused while that run gives signs of life.

    One that was only cut off for a while, and that the sensor took for dead, goes on: there is nothing to settle.
    """
    try:
        settled = hold.take_over()
    except Busy as error:
        if run_tags.RECONCILES not in context.run.tags:  # a person wants it
            raise
        said = f"it lives after all: {error.what}"
    else:
        said = f"{settled.id}: {settled.outcome}, {settled.reason}" if settled else "nothing was left behind"
    context.add_output_metadata({"settled": said})
    return said
