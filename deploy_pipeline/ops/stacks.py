"""One Terraform stack on its way through a deployment: prepared, planned and applied, or taken as it is live."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from socket import gethostname
from typing import Any

import dagster as dg

from deploy_pipeline.core.candidate import AppliedStack, Candidate, Deployed, PlannedStack, PreparedStack, Work
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import StackMove
from deploy_pipeline.core.ownership import refuse_shared_traffic
from deploy_pipeline.core.plan_review import PlanOutline
from deploy_pipeline.core.spec import BackendSpec, TerraformSpec
from deploy_pipeline.core.stack_key import plan_key, source_key
from deploy_pipeline.core.terraform_state import is_state, serial_of
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.stack_tree import stack_tree
from deploy_pipeline.gateways.terraform import AppliedState, Terraform
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.stack_lock import LOCK_SUFFIX, StackLock, note_lock
from deploy_pipeline.ops.progress import show
from deploy_pipeline.ops.reuse import same_work, work_done


@dataclass(frozen=True)
class StackSteps:
    """The steps of stacks in one run. `source` is the checkout, `release` the one to take over from, if any."""

    context: dg.OpExecutionContext
    candidate: Candidate
    source: Path
    release: Deployed | None
    terraform: Terraform
    clock: Clock

    def prepare(self, name: str, stack: TerraformSpec, work: Path, identity: str) -> PreparedStack:
        """Lay the stack out and run `terraform init`, unless it looks as it did in the live release."""
        paths = variables_text(stack, self.terraform.given_variables())
        key = source_key(stack, stack_tree(self.source, stack.directory, paths), identity)
        live = self.live(name)
        if earlier := same_work(key, live.initialised if live else None):
            return PreparedStack(name, str(work), False, key.value, "", earlier)
        return PreparedStack(name, str(work), True, key.value, key.doubt, self._initialised(stack, work, key))

    def plan(
        self, stack: TerraformSpec, prepared: PreparedStack, variables: Mapping[str, Any], state: ObjectStore
    ) -> PlannedStack:
        """Plan the stack, unless its plan is known: the same inputs on the state that they left behind."""
        key, live = plan_key(ContentKey(prepared.source_key, prepared.doubt), variables), self.live(prepared.name)
        if live and same_work(key, live.applied) and is_left_alone(state, stack.backend, live):
            return PlannedStack(prepared.name, prepared.work, "", live.plan_digest, 0, 0, 0, 0, taken=live)
        began, work, done = self.clock.monotonic(), Path(prepared.work), prepared.done
        if not prepared.fresh or not work.is_dir():
            done = self._initialised(stack, work, ContentKey(prepared.source_key, prepared.doubt))
        serial = serial_in(state, stack.backend)
        plan = self.terraform.plan(work, variables=variables, on_line=show)
        unread = refuse_shared_traffic(plan.traffic, self.candidate.spec, f"stack {prepared.name}")
        if unread:
            show(f"not looked at, for their blocks could not be read: ignore_changes of {', '.join(unread)}")
        planned = work_done(self.context, self.candidate, key, self.clock.monotonic() - began)
        return PlannedStack(
            prepared.name, str(work), plan.plan_sha256, plan.digest, plan.add, plan.change, plan.replace, plan.destroy,
            done, planned, applyable=plan.applyable, changes=plan.changes, serial=serial,
        )  # fmt: skip

    def outline(
        self, stack: TerraformSpec, prepared: PreparedStack, variables: Mapping[str, Any], work: Path, *, alone: bool
    ) -> PlanOutline:
        """What a plan with these variables would do, `alone` without our environment's.

        `work` is another folder: the saved plan stays as it is.
        """
        self._initialised(stack, work, ContentKey(prepared.source_key, prepared.doubt))
        plan = self.terraform.plan(work, variables=variables, on_line=show, alone=alone)
        return PlanOutline(plan.digest, plan.changes)

    def apply(self, plan: PlannedStack, hold: Hold, lock: StackLock) -> AppliedStack:
        """Apply exactly the saved plan; of one that would change nothing, read what there is."""
        began, work = self.clock.monotonic(), Path(plan.work)
        if plan.applyable:
            backend = self.candidate.spec.terraform[plan.name].backend
            move = StackMove(
                plan.name, backend.bucket, backend.key, plan.plan_digest, plan.work, gethostname(), self.clock.now()
            )
            hold.move_stack(move)
            on_line = note_lock(lock, move, hold.move_stack, show)
            state = hold.fenced(self.terraform).apply(work, plan.plan_sha256, on_line=on_line)
        else:
            state = unchanged_since(plan, self.terraform.state(work))
        seconds = self.clock.monotonic() - began
        applied = replace(plan.planned, seconds=seconds) if plan.planned else None
        return AppliedStack(
            plan.name, state.serial, state.lineage, state.resources, state.outputs, plan.plan_digest,
            plan.initialised, plan.planned, applied,
        )  # fmt: skip

    def apply_all(
        self, plans: Iterable[PlannedStack], hold: Hold, lock: StackLock, discard: Callable[[Path], None]
    ) -> Iterator[tuple[PlannedStack, AppliedStack]]:
        """Apply one after the other what is not taken over; `discard` is given each work folder then."""
        for plan in plans:
            applied = plan.taken or self.apply(plan, hold, lock)
            discard(Path(plan.work))
            yield plan, applied

    def live(self, name: str) -> AppliedStack | None:
        """The stack as the live release left it."""
        return next((stack for stack in self.release.stacks if stack.name == name), None) if self.release else None

    def _initialised(self, stack: TerraformSpec, work: Path, key: ContentKey) -> Work | None:
        began = self.clock.monotonic()
        # Without a release to take over from, as with `force`, nothing that was kept is trusted.
        kept = key.value if self.release else ""
        self.terraform.init(stack, source=self.source / stack.directory, work=work, on_line=show, key=kept)
        return work_done(self.context, self.candidate, key, self.clock.monotonic() - began)


def unchanged_since(plan: PlannedStack, state: AppliedState) -> AppliedState:
    """The state, of which a plan without changes says nothing any more once somebody has changed it: Terraform refuses

    a stale plan only where it applies one.
    """
    if plan.serial is not None and state.serial != plan.serial:
        raise DeployError(
            f"its state had the serial {plan.serial} when it was planned, and has {state.serial} now",
            where=f"stack {plan.name}", todo="launch the deployment again from its start: it is planned again",
        )  # fmt: skip
    return state


def variables_text(stack: TerraformSpec, given: Mapping[str, str]) -> str:
    """The spec's own variables and those of our environment, in which there may be paths."""
    return json.dumps([dict(stack.variables), dict(given)])


def serial_in(object_store: ObjectStore, backend: BackendSpec) -> int | None:
    """The number of the state as it lies in its backend; None where that cannot be read."""
    try:
        return serial_of(object_store.get(backend.bucket, backend.key))
    except DeployError as error:
        show(f"the serial of the state cannot be read: {error}")
        return None


def is_left_alone(object_store: ObjectStore, backend: BackendSpec, live: AppliedStack) -> bool:
    """Whether the state is the one that the live release left, and nobody is changing it. Not, where unknown."""
    try:
        locked = object_store.exists(backend.bucket, backend.key + LOCK_SUFFIX)
        return not locked and is_state(object_store.get(backend.bucket, backend.key), live.serial, live.lineage)
    except DeployError as error:
        show(f"the state cannot be read, so the stack is planned: {error}")
        return False
