"""The lock of a Terraform state whose run is dead: recognised by its own ID, and removed only then."""

import json
import os
import pwd
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import StackMove
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.program_folder import end_lost_plugins, has_program_in
from deploy_pipeline.gateways.terraform import Terraform
from deploy_pipeline.gateways.waiting import wait_until

LOCK_SUFFIX = ".tflock"
APPLY = "OperationTypeApply"
GRACE_SECONDS = 300.0
"""Terraform whose run has died is interrupted, ends the calls in flight, and writes its state: for so long it may."""
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class StackLock:
    """`log` gets what is done."""

    object_store: ObjectStore
    terraform: Terraform
    clock: Clock
    log: Callable[[str], None]

    def held(self, move: StackMove) -> Mapping[str, str]:
        """What Terraform wrote into the lock that the stack's state has now; empty where it has none."""
        body = self.object_store.get(move.bucket, move.key + LOCK_SUFFIX)
        try:
            return dict(json.loads(body)) if body else {}
        except (ValueError, TypeError):  # not Terraform's: nobody knows whose, so it stays
            return {"ID": "unreadable"}

    def settle(self, move: StackMove, check: Callable[[], None]) -> None:
        """Wait for a Terraform that still ends, push the state that it could not save, and remove its lock.

        The lock of anybody else stays: Terraform itself names it when it is in the way. `check` is asked after the
        wait, before each change.
        """
        over = wait_until(self.clock, lambda: self._over(move), seconds=GRACE_SECONDS, every=POLL_SECONDS)
        if over is None:
            raise still_works(move)
        check()
        if is_ours(held := self.held(move), move):
            self.object_store.delete(move.bucket, move.key + LOCK_SUFFIX)
            self.log(f"{move.name}: the lock {held['ID']} of a Terraform that is dead was removed")
        if is_here(move) and self.terraform.save_state(Path(move.work), self.log):
            self.log(f"{move.name}: the state that Terraform could not save was pushed")

    def _over(self, move: StackMove) -> bool | None:
        """True once Terraform has ended; where it runs on another machine, once its lock is gone."""
        if is_here(move):
            if ended := end_lost_plugins(Path(move.work)):
                self.log(f"{move.name}: {ended} plugin(s) of a Terraform that is dead were ended")
            return None if has_program_in(Path(move.work)) else True
        return None if move.host != socket.gethostname() and is_ours(self.held(move), move) else True


def still_works(move: StackMove) -> DeployError:
    """What to say of a Terraform that has not ended, or of which nobody here can know that: a second one beside it
    would lose its state."""
    if is_here(move):
        what, todo = f"Terraform still works in {move.work}", "wait until it has ended, or end it with SIGINT"
    else:
        what = f"its state is locked by a Terraform on {move.host}, which may still work there"
        todo = (
            f"wait; if that machine is gone, remove the lock with `terraform force-unlock {move.lock or 'ID'}` in a "
            "checkout of the stack"
        )
    return DeployError(f"{what} after {GRACE_SECONDS:.0f} s", where=f"stack {move.name}", todo=todo, retryable=True)


def is_ours(held: Mapping[str, str], move: StackMove) -> bool:
    """Whether a lock is the one of this apply: by its ID, or, where the run died before it knew that, by its maker.

    Such a lock was made on this machine, by this account, for an apply, after this one began, and no Terraform works in
    its folder.
    """
    if move.lock or not held:
        return bool(held) and held.get("ID") == move.lock
    made = datetime.fromisoformat(held.get("Created", "") or "1970-01-01T00:00:00+00:00")
    here = is_here(move) and held.get("Who", "") == f"{account()}@{move.host}"
    return here and held.get("Operation") == APPLY and made >= move.at


def account() -> str:
    """The name that Terraform writes into a lock; a process whose user has none is known to it by $USER."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("USER", "")


def is_here(move: StackMove) -> bool:
    """Whether it ran on this machine, and its folder is still there."""
    return move.host == socket.gethostname() and Path(move.work).is_dir()


def note_lock(
    lock: StackLock, move: StackMove, write: Callable[[StackMove], None], show: Callable[[str], None]
) -> Callable[[str], None]:
    """A listener to Terraform's output that writes down the ID of its lock, once the lock is this apply's own.

    Terraform's first line may say that it waits for the lock of somebody else.
    """
    unknown = True

    def listen(line: str) -> None:
        nonlocal unknown
        show(line)
        if unknown:
            try:
                held = lock.held(move)
                if is_ours(held, move):
                    unknown = False
                    write(replace(move, lock=held["ID"]))
            except DeployError as error:  # it goes on: should the run die now, the lock is told by its maker
                unknown = False
                lock.log(f"{move.name}: its lock could not be written down: {error}")

    return listen
