"""Terraform: every stack is planned before the first one is applied, and exactly the saved plan is applied."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from deploy_pipeline.core.asset_keys import asset_path
from deploy_pipeline.core.candidate import (
    AppliedStack,
    Candidate,
    PackagedFunction,
    PlannedStack,
    PreparedStack,
    PushedImage,
    Work,
)
from deploy_pipeline.core.content_key import key_of
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.stack_variables import stack_variables
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.terraform import Terraform
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.stack_lock import StackLock
from deploy_pipeline.ops.admission import enter
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.materialize import deployed_asset
from deploy_pipeline.ops.plan_review import PlanReview
from deploy_pipeline.ops.retries import NEVER, READ
from deploy_pipeline.ops.reuse import Facts, release_of, reused
from deploy_pipeline.ops.sources import source_of
from deploy_pipeline.ops.stacks import StackSteps

UNCHANGED = "files, variables, Terraform and the state are the same"


@dg.op(retry_policy=READ, tags={"dagster/kind": "terraform"})
@stage
def init_terraform(
    context: dg.OpExecutionContext,
    candidate: Candidate,
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    terraform: dg.ResourceParam[Terraform],
    workspace: dg.ResourceParam[Workspace],
    clock: dg.ResourceParam[Clock],
) -> list[PreparedStack]:
    """Open each stack's backend and fetch its providers, while the images are built."""
    source, release = source_of(github, git, candidate), release_of(object_store, candidate)
    steps = StackSteps(context, candidate, source, release, terraform, clock)
    identity = terraform.identity() if candidate.spec.terraform else ""
    prepared = [
        steps.prepare(name, stack, workspace.terraform(context.run_id, name), identity)
        for name, stack in candidate.spec.terraform.items()
    ]
    taken = [stack.done for stack in prepared if stack.done and not stack.fresh]
    why = "the stack looks as it did, and is prepared only if it must be planned"
    facts = stage_facts([stack.done for stack in prepared], taken, why)
    context.add_output_metadata({stack.name: stack.doubt or "keyed" for stack in prepared} | facts)
    return prepared


@dg.op(retry_policy=READ, tags={"dagster/kind": "terraform"})
@stage
def plan_terraform(
    context: dg.OpExecutionContext,
    candidate: Candidate,
    prepared: list[PreparedStack],
    images: list[PushedImage],
    packages: list[PackagedFunction],
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    terraform: dg.ResourceParam[Terraform],
    workspace: dg.ResourceParam[Workspace],
    clock: dg.ResourceParam[Clock],
) -> list[PlannedStack]:
    """Plan each stack with the new images and packages, and save the plans; one that nobody has seen may wait."""
    source, release = source_of(github, git, candidate), release_of(object_store, candidate)
    steps = StackSteps(context, candidate, source, release, terraform, clock)
    stacks = candidate.spec.terraform
    inputs = {each.name: stack_variables(stacks[each.name], images, packages) for each in prepared}
    planned = [steps.plan(stacks[each.name], each, inputs[each.name], object_store) for each in prepared]
    ledger = Ledger.of(object_store, home_spec)
    review = PlanReview(context, home_spec, github, ledger, steps, workspace)
    review.hold_back(prepared, planned, inputs)
    taken = [stack.taken.planned for stack in planned if stack.taken and stack.taken.planned]
    facts = stage_facts([stack.planned for stack in planned], taken, UNCHANGED)
    context.add_output_metadata({stack.name: plan_summary(stack) for stack in planned} | facts)
    return planned


def stage_facts(done: Sequence[Work | None], taken: Sequence[Work], why: str) -> Facts:
    """What a stage of all stacks says: taken over when every stack was, else the key of what it did."""
    if taken and len(taken) == len(done):
        return reused(taken, why)
    keys = [work.key for work in (*done, *taken) if work]
    return {"content key": key_of("all", keys=keys).value} if len(keys) == len(done) > 0 else {}


def plan_summary(stack: PlannedStack) -> str:
    """The plan in one line, in Terraform's own words."""
    if stack.taken:
        return "not planned: nothing has changed"
    return f"{stack.add} to add, {stack.change} to change, {stack.replace} to replace, {stack.destroy} to destroy"


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "terraform"})
@stage
def apply_terraform(
    context: dg.OpExecutionContext,
    candidate: Candidate,
    planned: list[PlannedStack],
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    terraform: dg.ResourceParam[Terraform],
    workspace: dg.ResourceParam[Workspace],
    hold: dg.ResourceParam[Hold],
    links: dg.ResourceParam[Links],
    clock: dg.ResourceParam[Clock],
) -> list[AppliedStack]:
    """Apply the saved plans, in the spec's order."""
    if not all(plan.taken for plan in planned):
        enter(hold, git, candidate)
    steps = StackSteps(context, candidate, Path(), None, terraform, clock)
    lock = StackLock(object_store, terraform, clock, context.log.info)
    applied = []
    for plan, stack in steps.apply_all(planned, hold, lock, workspace.discard):
        applied.append(stack)
        if not plan.taken:
            context.log_event(stack_event(candidate, plan, stack, links.run(context.run_id)))
    taken = [plan.taken.applied for plan in planned if plan.taken and plan.taken.applied]
    facts = stage_facts([stack.applied for stack in applied], taken, UNCHANGED)
    shown = {stack.name: f"serial {stack.serial}, {stack.resources} resources" for stack in applied}
    context.add_output_metadata(shown | facts)
    return applied


def stack_event(candidate: Candidate, plan: PlannedStack, stack: AppliedStack, url: str) -> dg.AssetMaterialization:
    """What the lineage keeps of an applied stack."""
    metadata: dict[str, str | int] = {
        "serial": stack.serial, "lineage": stack.lineage, "resources": stack.resources, "plan": plan_summary(plan),
        **{f"output {name}": value for name, value in stack.outputs.items()},
    }  # fmt: skip
    path = asset_path(candidate.spec.environment, "terraform", stack.name)
    return deployed_asset(path, f"{stack.lineage}-{stack.serial}", candidate.commit, url, metadata)
