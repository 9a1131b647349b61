"""The checks of Terraform code that need no credentials and no network: format and validity."""

from collections.abc import Callable
from dataclasses import replace

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.stack_box import NO_TERRAFORM, Stack, StackBox, Stopped, stack_box, stacks
from deploy_pipeline.checks.tool_run import run_tool
from deploy_pipeline.core.checks import terraform_fmt, terraform_stack, terraform_validate
from deploy_pipeline.core.checks.assessment import Assessment, not_audited
from deploy_pipeline.core.checks.stack_results import combined
from deploy_pipeline.core.checks.subject import Subject


def check_terraform_fmt(subject: Subject, bench: Bench) -> Assessment:
    """Whether Terraform files are formatted, in the whole tree."""
    program = bench.settings.programs.get("terraform")
    if program is None:
        return not_audited(NO_TERRAFORM)
    spec = subject.spec.validation.checks.terraform_fmt
    setup = replace(bench.box("terraform-fmt", subject), programs={"terraform": program})
    return run_tool(setup, bench, spec, terraform_fmt.argv, terraform_fmt.assess)


def check_terraform_validate(subject: Subject, bench: Bench) -> Assessment:
    """Whether every stack is valid, with the providers of the base branch's lock file and no network."""
    if "terraform" not in bench.settings.programs:
        return not_audited(NO_TERRAFORM)
    return combined(_stopped(_validated, stack, subject, bench) for stack in stacks(subject))


def _stopped(
    look: Callable[[Stack, Subject, Bench], Assessment], stack: Stack, subject: Subject, bench: Bench
) -> Assessment:
    try:
        return look(stack, subject, bench)
    except Stopped as stopped:
        return stopped.assessment


def _validated(stack: Stack, subject: Subject, bench: Bench) -> Assessment:
    spec = subject.spec.validation.checks.terraform_validate
    setup = bench.box(f"terraform-validate-{stack.name}", subject)
    with stack_box(stack, subject, bench, setup, spec) as laid_out:
        places = laid_out.places
        begun = laid_out.terraform(terraform_stack.init(places))
        failure = terraform_stack.failed_init(begun, places, stack.folder, stack.branch, stack.lock)
        return failure or _validity(laid_out)


def _validity(laid_out: StackBox) -> Assessment:
    places = laid_out.places
    outcome = laid_out.terraform(terraform_stack.validate(places), told=False)
    return terraform_validate.assess(outcome, terraform_stack.tree(places), laid_out.stack.folder)
