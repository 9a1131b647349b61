"""Terraform: every stack is planned before the first one is applied, and exactly the saved plan is applied."""

from pathlib import Path

import dagster as dg

from deploy_pipeline.core.asset_keys import asset_path
from deploy_pipeline.core.candidate import AppliedStack, Candidate, PackagedFunction, PlannedStack, PushedImage
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.stack_variables import stack_variables
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.terraform import Terraform
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.ops.admission import refuse_to_go_backwards
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.materialize import deployed_asset
from deploy_pipeline.ops.progress import show
from deploy_pipeline.ops.sources import source_of


@dg.op(tags={"dagster/kind": "terraform"})
@stage
def plan_terraform(
    context: dg.OpExecutionContext,
    candidate: Candidate,
    images: list[PushedImage],
    packages: list[PackagedFunction],
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    terraform: dg.ResourceParam[Terraform],
    workspace: dg.ResourceParam[Workspace],
) -> list[PlannedStack]:
    """Plan each stack with the new images and packages, and save the plans."""
    source = source_of(github, git, candidate)
    planned = []
    for name, stack in candidate.spec.terraform.items():
        work = workspace.terraform(context.run_id, name)
        variables = stack_variables(stack, images, packages)
        plan = terraform.plan(stack, source=source / stack.directory, work=work, variables=variables, on_line=show)
        planned.append(
            PlannedStack(
                name, str(work), plan.plan_sha256, plan.digest, plan.add, plan.change, plan.replace, plan.destroy
            )
        )
    context.add_output_metadata({stack.name: plan_summary(stack) for stack in planned})
    return planned


def plan_summary(stack: PlannedStack) -> str:
    """The plan in one line, in Terraform's own words."""
    return f"{stack.add} to add, {stack.change} to change, {stack.replace} to replace, {stack.destroy} to destroy"


@dg.op(tags={"dagster/kind": "terraform"})
@stage
def apply_terraform(
    context: dg.OpExecutionContext,
    candidate: Candidate,
    planned: list[PlannedStack],
    git: dg.ResourceParam[Git],
    object_store: dg.ResourceParam[ObjectStore],
    terraform: dg.ResourceParam[Terraform],
    workspace: dg.ResourceParam[Workspace],
    links: dg.ResourceParam[Links],
) -> list[AppliedStack]:
    """Apply the saved plans, in the spec's order."""
    refuse_to_go_backwards(git, object_store, candidate)
    applied = []
    for plan in planned:
        state = terraform.apply(Path(plan.work), plan.plan_sha256, on_line=show)
        stack = AppliedStack(plan.name, state.serial, state.lineage, state.resources, state.outputs, plan.plan_digest)
        applied.append(stack)
        workspace.discard(Path(plan.work))
        path = asset_path(candidate.spec.environment, "terraform", plan.name)
        metadata: dict[str, str | int] = {
            "serial": state.serial, "lineage": state.lineage, "resources": state.resources, "plan": plan_summary(plan),
            **{f"output {name}": value for name, value in state.outputs.items()},
        }  # fmt: skip
        version = f"{state.lineage}-{state.serial}"
        context.log_event(deployed_asset(path, version, candidate.commit, links.run(context.run_id), metadata))
    context.add_output_metadata(
        {stack.name: f"serial {stack.serial}, {stack.resources} resources" for stack in applied}
    )
    return applied
