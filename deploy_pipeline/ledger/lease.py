"""The lease of an environment: taken, kept by signs of life, asked for before each change, and given back."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger import head as heads
from deploy_pipeline.core.ledger.head import Head, is_orphaned, may_take
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.interruptions import begin, held_back
from deploy_pipeline.gateways.ledger import Ledger, SeenHead

LIMIT_SECONDS = 30.0
"""A holder that gives no sign of life for so long has lost its lease."""
BEATS_IN_THE_LIMIT = 6
WAIT_LIMITS = 1.5
"""So many limits a run waits for another one's lease: that of a dead one is free by then."""
SETTLING_LIMITS = 20.0
"""So many a merge waits: what a dead run has left may just be settled, and nobody would deploy the merge again."""
ALONE_PART = 0.5
"""For this part of the limit a holder goes on that cannot reach the ledger: nobody else can have its lease yet."""
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class LeaseLimit:
    """For so many seconds a holder may give no sign of life."""

    seconds: float = LIMIT_SECONDS


class LeaseLost(DeployError):
    """Another run has the lease now: this one must change nothing any more."""


class Busy(DeployError):
    """Another run has the environment, and lives."""


class Overtaken(Exception):
    """Another run has taken the lease between the look at it and the claim."""


class LeaseHolder:
    """One run's. `deployment` is what it has the lease for, "" while it has none; `waited` how long it has waited for
    one that another run had (seconds)."""

    def __init__(
        self, ledger: Ledger, clock: Clock, run_id: str, log: Callable[[str], None], limit: LeaseLimit
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._run_id = run_id
        self._log = log
        self._limit = limit.seconds
        self._over = threading.Event()
        # A sign of life between the write of a new token and the note of it would find itself replaced, and end.
        self._lock = threading.RLock()
        self._token = 0
        self._confirmed = 0.0
        self.deployment = ""
        self.waited = 0.0

    def take(self, name: str, settle: Callable[[str], None], limits: float = WAIT_LIMITS) -> None:
        """Have the lease for the deployment `name`, once its holder has ended or is dead; what that one has left

        behind is settled first. Raises DeployError when it lives after so many `limits`, and what `settle` raises: the
        lease is kept then.
        """
        began, said = self._clock.monotonic(), False
        while self.deployment != name and not self._taken(name, settle):
            if self._clock.monotonic() >= began + self._limit * limits:
                raise self._busy(self._ledger.head())
            if not said:
                self._log(f"waiting: {self._busy(self._ledger.head()).what}")
                said = True
            self._clock.sleep(POLL_SECONDS)
        self.waited += self._clock.monotonic() - began if said else 0.0

    def check(self) -> None:
        """Raise LeaseLost unless this run may still change the environment."""
        with held_back():
            asked = self._clock.monotonic()
            try:
                head = self._ledger.head().head
            except DeployError as error:
                alone = self._clock.monotonic() - self._confirmed
                if error.retryable and self._token and alone < self._limit * ALONE_PART:
                    return
                raise
            self._mine(head)
            self._confirmed = asked

    def change(self, change: Callable[[Head], Head]) -> None:
        """Change the head. Raises LeaseLost where another run has the lease now."""
        with held_back(), self._lock:
            asked = self._clock.monotonic()
            self._ledger.change_head(lambda seen: change(self._mine(seen.head)))
            self._confirmed = asked

    def give_back(self) -> None:
        """Let anybody have it. Where that cannot be written, it is anybody's after the limit."""
        self.stop()
        self.change(heads.released)
        self.deployment = ""

    def stop(self) -> None:
        """Give no sign of life any more."""
        self._over.set()

    def _taken(self, name: str, settle: Callable[[str], None]) -> bool:
        seen = self._ledger.head()
        lease = seen.head.lease
        if lease is not None and lease.run_id == self._run_id and lease.deployment == name:
            self._keep(seen.head)  # another process of this run has taken it
            return True
        if self._token:
            self._mine(seen.head)  # kept since an earlier attempt could not settle what was left behind
        elif not may_take(seen.head, seen.age_seconds, self._limit) or not self._claim(name):
            return False
        if self.deployment != name:
            self._log(f"{self.deployment} was left behind by a run that gives no sign of life: settling it")
            settle(self.deployment)
            self._hand_over(name)
        elif lease is not None:
            settle(name)  # to take it over is all that was wanted
        return True

    def _claim(self, name: str) -> bool:
        """Take what may be taken; whether nobody else was faster."""
        with held_back(), self._lock:
            try:
                self._keep(self._ledger.change_head(lambda now: self._claimed(now, name)))
            except Overtaken:
                return False
        return True

    def _hand_over(self, name: str) -> None:
        """Use the lease for `name` from here on."""
        with held_back(), self._lock:
            self._keep(self._ledger.change_head(lambda now: self._given(self._mine(now.head), name)))

    def _given(self, head: Head, name: str) -> Head:
        return heads.taken(head, name, self._run_id, self._limit)

    def _claimed(self, seen: SeenHead, name: str) -> Head:
        """The head with the lease for what is left behind, as the head is now; else for `name`."""
        lease = seen.head.lease
        if lease is not None and lease.run_id == self._run_id:
            return seen.head
        if not may_take(seen.head, seen.age_seconds, self._limit):
            raise Overtaken
        return self._given(seen.head, lease.deployment if lease else name)

    def _busy(self, seen: SeenHead) -> Busy:
        lease = seen.head.lease
        holder = f"{lease.deployment} (run {lease.run_id})" if lease else "another run"
        return Busy(
            f"{holder} is changing it; its last sign of life is {seen.age_seconds:.0f} s old",
            where=self._ledger.environment, todo="wait until it has ended, then launch this again",
        )  # fmt: skip

    def _keep(self, head: Head) -> None:
        first = not self._token
        self._token, self._confirmed = head.token, self._clock.monotonic()
        self.deployment = head.lease.deployment if head.lease else ""
        if first:
            begin(threading.Thread(target=self._beat, name="heartbeat", daemon=True))

    def _beat(self) -> None:
        """Give a sign of life now and then. One that cannot be given is given later: only time takes the lease."""
        while not self._over.wait(self._limit / BEATS_IN_THE_LIMIT):
            try:
                self.change(heads.renewed)
            except LeaseLost:
                return
            except DeployError as error:
                self._log(f"no sign of life could be given: {error}")

    def _mine(self, head: Head) -> Head:
        if not self._token or head.token != self._token or head.lease is None:
            holder = f"{head.lease.deployment} (run {head.lease.run_id})" if head.lease else "nobody"
            raise LeaseLost(
                f"this run may change nothing any more: {holder} has the lease now", where=self._ledger.environment,
                todo="see how that one ended; then launch this one again, if it still is the newest",
            )  # fmt: skip
        return head


def orphan(seen: SeenHead, limit_seconds: float) -> str | None:
    """The deployment whose holder is dead, if there is one."""
    lease = seen.head.lease
    return lease.deployment if lease and is_orphaned(seen.head, seen.age_seconds, limit_seconds) else None
