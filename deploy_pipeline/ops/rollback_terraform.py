"""Terraform on the way back: planned with the earlier configuration before anything moves, and applied at the end."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import dagster as dg

from deploy_pipeline.core.candidate import AppliedStack, DeployedService, PlannedStack
from deploy_pipeline.core.ledger.approval import Approval, WayBack
from deploy_pipeline.core.ledger.rollback import Rollback
from deploy_pipeline.core.ledger.rollback_plan import Classified, all_classified, rollback_plan_id
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.plan_review import fitting
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.stack_variables import stack_variables
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.terraform import Terraform
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.stack_lock import StackLock
from deploy_pipeline.ops.approval import wait_for_a_person
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.infrastructure import plan_summary, stack_event
from deploy_pipeline.ops.retries import NEVER, READ
from deploy_pipeline.ops.sources import source_of
from deploy_pipeline.ops.stacks import StackSteps


@dg.op(retry_policy=READ, tags={"dagster/kind": "terraform"})
@stage
def plan_rollback(
    context: dg.OpExecutionContext,
    rollback: Rollback,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    terraform: dg.ResourceParam[Terraform],
    workspace: dg.ResourceParam[Workspace],
    hold: dg.ResourceParam[Hold],
    clock: dg.ResourceParam[Clock],
) -> list[PlannedStack]:
    """Plan each stack with the earlier release's files, images and packages; ask a person where that is not safe."""
    candidate = rollback.infrastructure
    if not candidate.spec.terraform:
        return []
    source = source_of(github, git, candidate)
    steps = StackSteps(context, candidate, source, rollback.live, terraform, clock)
    planned = planned_back(steps, rollback, workspace, object_store)
    found = all_classified(planned, home_spec.validation.checks.terraform_plan.protected_types)
    context.add_output_metadata({each.name: plan_summary(each) for each in planned})
    if any(each.danger != "safe" for each in found):
        ask(context, hold, home_spec, rollback, planned, found, clock)
    return planned


def planned_back(
    steps: StackSteps, rollback: Rollback, workspace: Workspace, object_store: ObjectStore
) -> list[PlannedStack]:
    """The plans; a stack that is as it was then is taken as it is."""
    planned, target, identity = [], rollback.target, steps.terraform.identity()
    for name, stack in steps.candidate.spec.terraform.items():
        prepared = steps.prepare(name, stack, workspace.terraform(steps.context.run_id, name), identity)
        inputs = stack_variables(stack, target.images, target.packages)
        planned.append(steps.plan(stack, prepared, inputs, object_store))
    return planned


def ask(
    context: dg.OpExecutionContext, hold: Hold, home: Spec, rollback: Rollback, planned: Sequence[PlannedStack],
    found: Sequence[Classified], clock: Clock,
) -> None:  # fmt: skip
    """Ask a person about just these plans. Raises DeployError until one has granted them."""
    live, target, now = rollback.live.release, rollback.target.release, clock.now()
    dangers = sorted({each.danger for each in found} - {"safe"})
    lines = sorted(found, key=lambda each: each.danger == "safe")
    wait_for_a_person(context, hold.ledger, Approval(
        rollback_plan_id(live, target, rollback.only, planned), rollback.target.candidate.commit,
        f"going back to {target} with Terraform is not safe ({', '.join(dangers)})", context.run_id, now,
        now + timedelta(hours=home.approvals.timeout_hours), shows=fitting([each.line for each in lines]),
        way_back=WayBack(live, target, rollback.only, rollback.reason),
    ))  # fmt: skip


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "terraform"})
@stage
def roll_back_terraform(
    context: dg.OpExecutionContext,
    rollback: Rollback,
    planned: list[PlannedStack],
    moved_services: list[DeployedService],  # not read: Terraform goes back last
    object_store: dg.ResourceParam[ObjectStore],
    terraform: dg.ResourceParam[Terraform],
    workspace: dg.ResourceParam[Workspace],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
    clock: dg.ResourceParam[Clock],
) -> list[AppliedStack]:
    """Apply just the plans that were made, the stack that depends on the others first."""
    hold.check()
    candidate, done = rollback.infrastructure, []
    steps = StackSteps(context, candidate, Path(), None, terraform, clock)
    lock = StackLock(object_store, terraform, clock, context.log.info)
    for plan, stack in steps.apply_all(reversed(planned), hold, lock, workspace.discard):
        done.append(stack)
        if not plan.taken:
            context.log_event(stack_event(candidate, plan, stack, links.run(context.run_id)))
    context.add_output_metadata({each.name: f"serial {each.serial}" for each in done})
    return done
