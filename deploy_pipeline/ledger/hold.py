"""What a run holds of an environment while it changes it: the lease, and the record of what it does."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger import head as heads
from deploy_pipeline.core.ledger.deployment import (
    Deployment,
    FunctionMove,
    Kind,
    Outcome,
    ServiceMove,
    StackMove,
    deployment_id,
    ended,
    is_live,
    moving_functions,
    moving_service,
    moving_stack,
)
from deploy_pipeline.core.ledger.head import Live
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.interruptions import held_back
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.terraform import Terraform
from deploy_pipeline.ledger.fence import fenced
from deploy_pipeline.ledger.lease import SETTLING_LIMITS, WAIT_LIMITS, LeaseHolder, LeaseLimit, LeaseLost
from deploy_pipeline.ledger.settlement import Settlement

G = TypeVar("G", Ecr, Functions, LoadBalancers, Services, Terraform)


class NotBegun(DeployError):
    """The run could not have the environment: another one has it, or has left something that cannot be settled now."""


class Hold:
    """One run's. Nothing is held before `begin`; `close` settles what was begun and not ended."""

    def __init__(
        self,
        ledger: Ledger,
        settlement: Callable[[], Settlement],
        clock: Clock,
        run_id: str,
        log: Callable[[str], None],
        limit: LeaseLimit,
    ) -> None:
        self.ledger = ledger
        self.lease = LeaseHolder(ledger, clock, run_id, log, limit)
        self._settlement = settlement
        self._clock = clock
        self.run_id = run_id
        self._log = log
        self._lock = threading.RLock()
        self._own = ""

    def begin(self, commit: Commit, *, kind: Kind = "deployment", undoes: str = "") -> Deployment:
        """Have the lease and a record, and go on with what this run has begun.

        Waits for a lease whose holder may be dead; what that one has left behind is settled first. Raises NotBegun
        where that cannot be, DeployError where this run's deployment has ended already.
        """
        with self._lock:
            name = deployment_id(commit.sha, self.run_id)
            self._own = name
            # A rollback is refused while a deployment goes on: a person waits for the answer.
            limits = SETTLING_LIMITS if kind == "deployment" else WAIT_LIMITS
            try:
                self.lease.take(name, self._settle, limits)
            except DeployError as error:
                raise NotBegun(error.what, where=error.where, todo=error.todo, retryable=error.retryable) from error
            live = self.ledger.head().head.live
            new = Deployment(
                name, kind, self.ledger.environment, self.run_id, commit, self._clock.now(),
                replaces=live.release if live else "", undoes=undoes,
            )  # fmt: skip
            found = self.ledger.begin(new)
            if found.outcome is not None:
                raise DeployError(
                    f"{name} has ended already: {found.outcome}, {found.reason}", where=self.ledger.environment,
                    todo="launch it again from its start; what did not change is taken over",
                )  # fmt: skip
            return found

    def take_over(self) -> Deployment | None:
        """Have the lease of a run that is dead, and settle what it left behind. None where there is nothing to settle.

        Raises DeployError while its holder lives.
        """
        with self._lock:
            left = self.ledger.head().head.lease
            if left is None:
                return None
            self.lease.take(left.deployment, self._settle)
            self.lease.give_back()
            return self.ledger.deployment(left.deployment)

    def give_up(self, reason: str) -> Deployment | None:
        """Have the lease of a run that is dead, and leave the world as that one left it: a person has seen to it.

        None where nobody has the lease. Raises DeployError while its holder lives.
        """
        with self._lock:
            left = self.ledger.head().head.lease
            if left is None:
                return None
            self.lease.take(left.deployment, lambda name: self._log(f"{name} is given up: {reason}"))
            record = self.ledger.deployment(left.deployment)
            if record is not None:  # what the head names serves, and can be gone back to
                self.end("live" if is_live(record, self.ledger.head().head) else "failed", f"given up: {reason}")
            self.lease.give_back()
            return self.ledger.deployment(left.deployment)

    def check(self) -> None:
        """Raise LeaseLost unless this run may still change the environment."""
        self.lease.check()

    def fenced(self, gateway: G) -> G:
        """The gateway, whose changes are refused as soon as another run has the lease."""
        return fenced(gateway, self.check, self._clock)

    def move_functions(self, moves: Sequence[FunctionMove]) -> None:
        """Write down that these aliases are about to move."""
        self.change(lambda found: moving_functions(found, moves))

    def move_service(self, move: ServiceMove) -> None:
        """Write down that a service is about to move."""
        self.change(lambda found: moving_service(found, move))

    def move_stack(self, move: StackMove) -> None:
        """Write down that a stack is about to be changed."""
        self.change(lambda found: moving_stack(found, move))

    def decided(self, what: str) -> None:
        """Write down what was done since a person has decided it."""
        self.change(lambda found: replace(found, decided=what))

    def change(self, change: Callable[[Deployment], Deployment]) -> Deployment:
        """Write what `change` makes of the record. Returns the record as it is then."""
        self.check()
        with held_back():
            return self.ledger.change_deployment(self.lease.deployment, change)

    def promote(self, live: Live) -> None:
        """Make it what is live: from here on it is finished, never undone."""
        self.lease.change(lambda head: heads.promoted(head, live))

    def end(self, outcome: Outcome, reason: str) -> None:
        """Write down how it ended. The first end counts."""
        self.change(lambda found: ended(found, outcome, reason, self._clock.now()))

    def close(self, outcome: Outcome) -> None:
        """Settle what was begun and not ended, with this outcome, and give the lease back.

        What another run has left, and could not be settled before, was abandoned whatever becomes of this one. What
        cannot be settled keeps the lease, without a sign of life: another run will try.
        """
        with self._lock:
            try:
                if name := self.lease.deployment:
                    self._settlement().settle(name, self.check, outcome if name == self._own else "abandoned")
                    self.lease.give_back()
            except LeaseLost as error:
                self._log(str(error))
            finally:
                self.lease.stop()

    def _settle(self, name: str) -> None:
        self._settlement().settle(name, self.check, "abandoned")
