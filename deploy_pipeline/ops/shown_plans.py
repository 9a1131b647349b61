"""Keeps what a validation has planned where the deployment of the same head finds it."""

import json

import dagster as dg

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core.checks.plan_policy import digest_fact
from deploy_pipeline.core.checks.reported import Reported
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.plan_review import PlanOutline
from deploy_pipeline.core.terraform_plan import read_plan
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.checks import kept_plans
from deploy_pipeline.ops.retries import IDEMPOTENT


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "s3"})
@stage
def record_plans(
    context: dg.OpExecutionContext, subject: Subject, plan: Reported, bench: dg.ResourceParam[Bench]
) -> None:
    """Keep the digest of each stack's plan for this head; of a check that has not passed, nothing."""
    if plan.result.state != "passed":
        context.add_output_metadata({"kept": f"nothing: the check is {plan.result.state}"})
        return
    kept = kept_plans(bench.object_store, subject, plan)
    # The digest is of the plan as it was: the kept one has no sensitive values.
    plans = {
        stack: PlanOutline(str(plan.result.facts[digest_fact(stack)]), read_plan(json.loads(masked)).changes)
        for stack, masked in kept.items()
    }
    Ledger.of(bench.object_store, subject.spec).write_plans(subject.head, plans)
    context.add_output_metadata({"kept": ", ".join(plans) or "nothing: there is no stack"})
