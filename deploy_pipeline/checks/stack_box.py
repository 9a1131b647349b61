"""One Terraform stack of the head in a box of its own, with the base branch's providers. What it means is `core`'s."""

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.provider_mirror import provider_mirror
from deploy_pipeline.checks.tree_files import has_folder, head_spec, text_of
from deploy_pipeline.core.checks import terraform_stack
from deploy_pipeline.core.checks.assessment import Assessment, not_audited
from deploy_pipeline.core.checks.catalogue import base_branch
from deploy_pipeline.core.checks.outcome import crashed, unfinished
from deploy_pipeline.core.checks.provider_lock import Lock, chosen, lock_text, read_lock, refusal
from deploy_pipeline.core.checks.redaction import redacted_outcome, redacting
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup, Outcome, Places
from deploy_pipeline.core.spec import CheckSpec, TerraformSpec
from deploy_pipeline.core.terraform_cli import LOCK_FILE
from deploy_pipeline.gateways.isolation import Box

NO_TERRAFORM = "Terraform is not installed on the pipeline's machine"
OUTPUT_MB = 64
"""A plan's JSON is printed as a whole."""


class Stopped(Exception):
    """The stack was not worked on to the end; `assessment` says what that means."""

    def __init__(self, assessment: Assessment) -> None:
        super().__init__(assessment.summary)
        self.assessment = assessment


@dataclass(frozen=True)
class Stack:
    """A stack as the head has it: its files' folder and its variables, with the base branch's name and backend."""

    name: str
    given: TerraformSpec
    lock: Lock
    branch: str

    @property
    def folder(self) -> str:
        """Its folder, relative to the repository."""
        return posixpath.normpath(self.given.directory)


@dataclass(frozen=True)
class StackBox:
    """A stack that is laid out in a box. Every program has to end by `deadline`, a time of the bench's clock.

    `aws` and `secrets` are Terraform's variables where it is trusted with them; no output has a value of `secrets`.
    """

    box: Box
    bench: Bench
    stack: Stack
    spec: CheckSpec
    setup: BoxSetup
    deadline: float
    aws: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def places(self) -> Places:
        """Where things are in the box."""
        return self.box.places

    @property
    def folder(self) -> str:
        """The stack's folder in the box."""
        return posixpath.join(terraform_stack.tree(self.places), self.stack.folder)

    def terraform(self, argv: tuple[str, ...], *, told: bool = True, trusted: bool = False) -> Outcome:
        """Run Terraform in the stack's folder, with the credentials only where it is `trusted` with them."""
        own = {**terraform_stack.environment(self.places), **({**self.aws, **self.secrets} if trusted else {})}
        return self._run(argv, self.folder, own, told=told)

    def prepare(self, argv: tuple[str, ...]) -> None:
        """Run a program that makes the box ready, and must succeed."""
        done = self._run(argv, self.places.scratch, {}, told=False)
        if done.returncode != 0:
            raise Stopped(crashed(f"laying out {self.stack.name}", done))

    def write(self, path: str, text: str) -> None:
        """Write a file in the box."""
        self.prepare(terraform_stack.write(path, text))

    def _run(self, argv: tuple[str, ...], cwd: str, environment: Mapping[str, str], *, told: bool) -> Outcome:
        left = max(self.deadline - self.bench.clock.monotonic(), 1.0)
        hidden = tuple(self.secrets.values())
        on_line = redacting(self.bench.on_line, hidden) if told else None
        ran = self.box.run(argv, timeout=left, cwd=cwd, environment=environment, on_line=on_line)
        outcome = redacted_outcome(ran, hidden)
        if failure := unfinished(outcome, self.spec.timeout_minutes, self.setup.limits):
            raise Stopped(replace(failure, summary=f"{self.stack.name}: {failure.summary}"))
        return outcome


def stacks(subject: Subject) -> Iterator[Stack]:
    """The base branch's stacks, as the head has them.

    Folder and variables are the head's own: both are part of what it changes, and neither gives it any power. A stack
    is left out when the head has neither its entry in deploy.yaml nor its folder; one that is new has no backend that
    the base branch knows.
    """
    head = head_spec(subject)
    for name, base in subject.spec.terraform.items():
        given = head.terraform.get(name, base) if head else base
        if head is None or name in head.terraform or has_folder(subject.head_tree, given.directory):
            yield Stack(name, given, _base_lock(subject, base), base_branch(subject))


@contextmanager
def stack_box(stack: Stack, subject: Subject, bench: Bench, setup: BoxSetup, spec: CheckSpec) -> Iterator[StackBox]:
    """A box with the stack laid out in it. Raises Stopped where the stack cannot be, or needs other providers."""
    head = read_lock(text_of(subject.head_tree, f"{stack.folder}/{LOCK_FILE}") or "")
    if not has_folder(subject.head_tree, stack.folder):
        raise Stopped(Assessment("failed", f"the pull request has no folder {stack.folder}, which deploy.yaml names"))
    if refused := refusal(head, stack.lock, stack.folder, stack.branch):
        raise Stopped(refused)
    lock = chosen(head, stack.lock)
    deadline = bench.clock.monotonic() + spec.timeout_minutes * 60
    ready = replace(
        setup,
        providers=_mirror(lock, bench) if lock else "",
        programs={"terraform": bench.settings.programs["terraform"]},
        limits=replace(setup.limits, output_mb=OUTPUT_MB),
    )
    with bench.isolation.box(ready) as box:
        laid_out = StackBox(box, bench, stack, spec, ready, deadline)
        _lay_out(laid_out, lock)
        yield laid_out


def _lay_out(laid_out: StackBox, lock: Lock) -> None:
    places = laid_out.places
    laid_out.prepare(terraform_stack.link_files(places))
    laid_out.prepare(("mkdir", "-p", terraform_stack.no_providers(places)))
    # An empty lock file is one without providers: Terraform must not take the head's.
    laid_out.write(f"{laid_out.folder}/{LOCK_FILE}", lock_text(lock))
    configuration = terraform_stack.cli_configuration(places, lock)
    laid_out.write(terraform_stack.environment(places)["TF_CLI_CONFIG_FILE"], configuration)


def _mirror(lock: Lock, bench: Bench) -> str:
    try:
        return str(provider_mirror(lock, bench))
    except DeployError as error:
        raise Stopped(not_audited(f"there are no providers: {error}")) from error


def _base_lock(subject: Subject, base: TerraformSpec) -> Lock:
    tree = subject.base_tree or subject.head_tree
    return read_lock(text_of(tree, f"{posixpath.normpath(base.directory)}/{LOCK_FILE}") or "")
