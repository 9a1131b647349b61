"""The check that plans every stack against what is really there, with credentials that can only read.

A plan runs the pull request's code with those credentials, so it waits until the head is trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.stack_box import NO_TERRAFORM, Stack, StackBox, Stopped, stack_box, stacks
from deploy_pipeline.checks.tree_files import head_spec
from deploy_pipeline.core import terraform_cli
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.checks import plan_policy, terraform_plan_run, terraform_stack
from deploy_pipeline.core.checks.assessment import Assessment, not_audited
from deploy_pipeline.core.checks.stack_results import combined
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.terraform_diagnostics import announced_losses
from deploy_pipeline.core.checks.waiting import waiting
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.ledger import Ledger

AWS_PROVIDER = "registry.terraform.io/hashicorp/aws"
NO_ROLE = (
    "no role for plans: apply terraform/bootstrap and put its output plan_role_arn into "
    "`validation.checks.terraform_plan.role_arn` of deploy.yaml"
)
SHOWN_SHA = 12
EMULATOR_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class _Access:
    """What all plans of a run use. `emulator` is its `host:port` on this machine, `endpoint` the same in the box."""

    variables_of: Spec
    live: Deployed | None
    credentials: Mapping[str, str] = field(repr=False)
    emulator: str | None
    endpoint: str | None


def check_terraform_plan(subject: Subject, bench: Bench) -> Assessment:
    """What every stack would change, and whether anything with data in it would be lost."""
    if "terraform" not in bench.settings.programs:
        return not_audited(NO_TERRAFORM)
    if not subject.authorised:
        return waiting(subject)
    if not subject.spec.validation.checks.terraform_plan.role_arn and not bench.plan_access.emulator():
        return not_audited(NO_ROLE)
    try:
        access = _access(subject, bench)
    except DeployError as error:
        return not_audited(f"no access for plans: {error}")
    return combined(_planned(stack, subject, bench, access) for stack in stacks(subject))


def _access(subject: Subject, bench: Bench) -> _Access:
    spec, emulator = subject.spec, bench.plan_access.emulator()
    role = spec.validation.checks.terraform_plan.role_arn
    number = subject.pull_request.number if subject.pull_request else "local"
    session = f"pr-{number}-{subject.head[:SHOWN_SHA]}"
    return _Access(
        variables_of=head_spec(subject) or spec,
        live=Ledger.of(bench.object_store, spec).live(),
        credentials=bench.plan_access.credentials(role, session) if role else EMULATOR_CREDENTIALS,
        emulator=emulator,
        endpoint=f"{terraform_plan_run.EMULATOR_HOST}:{emulator.rsplit(':', 1)[1]}" if emulator else None,
    )


def _planned(stack: Stack, subject: Subject, bench: Bench, access: _Access) -> Assessment:
    spec = subject.spec.validation.checks.terraform_plan
    try:
        with stack_box(stack, subject, bench, _setup(stack, subject, bench, access), spec) as laid_out:
            return _plan(laid_out, subject, access)
    except Stopped as stopped:
        return stopped.assessment


def _setup(stack: Stack, subject: Subject, bench: Bench, access: _Access) -> BoxSetup:
    """To AWS through the spec's hosts; with an emulator to that alone."""
    setup = bench.box(f"terraform-plan-{stack.name}", subject)
    if access.emulator and access.endpoint:
        return replace(setup, redirects={access.endpoint: access.emulator})
    return replace(setup, hosts=subject.spec.validation.checks.terraform_plan.hosts)


def _plan(plain: StackBox, subject: Subject, access: _Access) -> Assessment:
    spec, stack, places = subject.spec, plain.stack, plain.places
    aws = terraform_plan_run.aws_environment(spec.aws.region, access.endpoint)
    laid_out = replace(plain, aws=aws, secrets=access.credentials)
    _write_inputs(laid_out, access)
    backend = spec.terraform[stack.name].backend
    begin = terraform_plan_run.init(places, backend, emulated=access.endpoint is not None)
    begun = laid_out.terraform(begin, trusted=True)
    if failure := terraform_stack.failed_init(begun, places, stack.folder, stack.branch, stack.lock):
        return failure
    if failure := _other_backend(laid_out):
        return failure
    laid_out.bench.on_line(f"planning {stack.name}")
    # Not told: what a plan prints, the pull request writes, and it may be what only the role can read.
    outcome = laid_out.terraform(terraform_plan_run.plan(places), told=False, trusted=True)
    if failure := plan_policy.failed_plan(outcome, places, stack.name, stack.folder):
        return failure
    shown = laid_out.terraform(terraform_plan_run.show(places), told=False)
    policy, announced = spec.validation.checks.terraform_plan, announced_losses(outcome.stdout)
    return plan_policy.assess_plan(policy, stack.name, stack.folder, shown, announced)


def _write_inputs(laid_out: StackBox, access: _Access) -> None:
    stack, places = laid_out.stack, laid_out.places
    values = terraform_plan_run.variables(stack.given, access.variables_of, access.live)
    laid_out.write(terraform_plan_run.variables_file(places), values)
    if access.endpoint and AWS_PROVIDER in stack.lock:
        laid_out.write(f"{laid_out.folder}/{terraform_cli.OVERRIDE_FILE}", terraform_cli.ENDPOINT_OVERRIDE)


def _other_backend(laid_out: StackBox) -> Assessment | None:
    """A stack without our backend would plan to create everything anew."""
    data = terraform_stack.environment(laid_out.places)["TF_DATA_DIR"]
    kind = terraform_plan_run.backend_kind(laid_out.box.read(f"{data}/terraform.tfstate"))
    if kind == "s3":
        return None
    what = f"{laid_out.stack.name}: the stack's backend is {kind or 'not declared'}: its state would not be in S3"
    return Assessment("failed", what)
