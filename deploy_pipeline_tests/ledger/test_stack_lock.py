"""The lock of a Terraform whose run is dead."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import StackMove
from deploy_pipeline.gateways.program_folder import end_lost_plugins, has_program_in
from deploy_pipeline.ledger.stack_lock import GRACE_SECONDS, StackLock, account, note_lock
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform

BEGAN, AFTER = datetime(2026, 11, 23, 12, tzinfo=UTC), "2026-11-23T12:00:01.123456Z"
KEY = ("state", "main.tfstate.tflock")


class Locked:
    """A state that a Terraform has locked, whose run is dead."""

    def __init__(self, work: Path) -> None:
        self.store = FakeObjectStore({KEY: json.dumps({"ID": "ours"}).encode()})
        self.terraform, self.clock, self.lines = FakeTerraform(plans={}), FakeClock(), list[str]()
        self.lock = StackLock(self.store, self.terraform, self.clock, self.lines.append)
        self.work = work

    def move(self, lock: str = "ours", host: str = "") -> StackMove:
        return StackMove("main", "state", "main.tfstate", "digest", str(self.work), host or gethostname(), BEGAN, lock)

    def locked_by(self, **changes: str) -> None:
        """Write what Terraform writes into the lock of an apply on this machine, a moment after it began."""
        own = {"ID": "ours", "Operation": "OperationTypeApply", "Who": f"{account()}@{gethostname()}", "Created": AFTER}
        self.store.objects[KEY] = json.dumps(own | changes).encode()


def unchecked() -> None:
    """The lease is this run's."""


@pytest.fixture
def locked(tmp_path: Path) -> Locked:
    return Locked(tmp_path)


@pytest.fixture
def program(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that works in a folder below the stack's."""
    (tmp_path / "stack").mkdir()
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], cwd=tmp_path / "stack")
    yield started
    started.kill()
    started.wait()


def test_the_lock_of_the_dead_is_removed(locked: Locked) -> None:
    locked.lock.settle(locked.move(), unchecked)
    assert KEY not in locked.store.objects
    assert "main: the lock ours of a Terraform that is dead was removed" in locked.lines


def test_a_lock_with_another_id_stays(locked: Locked) -> None:
    locked.locked_by(ID="theirs")
    locked.lock.settle(locked.move(), unchecked)
    assert KEY in locked.store.objects


def test_a_lock_whose_id_the_run_never_knew_is_told_by_its_maker(locked: Locked) -> None:
    locked.locked_by()
    locked.lock.settle(locked.move(""), unchecked)
    assert KEY not in locked.store.objects


@pytest.mark.parametrize("changes", [
    {"Who": "grace@elsewhere"}, {"Who": f"grace@{gethostname()}"}, {"Operation": "OperationTypePlan"},
    {"Created": "2026-11-23T11:59:59Z"}, {"Created": ""},
])  # fmt: skip
def test_any_other_maker_keeps_it(locked: Locked, changes: dict[str, str]) -> None:
    locked.locked_by(**changes)
    locked.lock.settle(locked.move(""), unchecked)
    assert KEY in locked.store.objects


def test_a_terraform_that_still_works_is_waited_for(locked: Locked, program: "subprocess.Popen[bytes]") -> None:
    """It was interrupted when its run died, and writes its state."""

    def end(seconds: float) -> None:
        program.kill()
        program.wait()

    locked.clock.sleep = end  # type: ignore[method-assign]
    assert has_program_in(locked.work)
    locked.lock.settle(locked.move(), unchecked)
    assert not has_program_in(locked.work)
    assert KEY not in locked.store.objects


def test_a_plugin_that_has_lost_its_terraform_is_ended_and_not_waited_for(locked: Locked) -> None:
    """A provider can outlive the Terraform that started it, for ever."""
    provider = locked.work / ".terraform/providers/registry/provider"
    provider.parent.mkdir(parents=True)
    provider.symlink_to(shutil.which("sleep") or "")  # as into a mirror
    argv = ["sh", "-c", ".terraform/providers/registry/provider 600 & echo started; wait"]
    with subprocess.Popen(argv, cwd=locked.work, stdout=subprocess.PIPE) as terraform:
        assert terraform.stdout is not None
        assert terraform.stdout.readline() == b"started\n"
        assert end_lost_plugins(locked.work) == 0
        terraform.kill()
        terraform.wait()
        assert has_program_in(locked.work)
        locked.lock.settle(locked.move(), unchecked)
    assert not has_program_in(locked.work)
    assert KEY not in locked.store.objects
    assert "main: 1 plugin(s) of a Terraform that is dead were ended" in locked.lines


def test_one_on_another_machine_keeps_its_lock(locked: Locked) -> None:
    """Nobody here can know whether it still works; a second one beside it would lose the state."""
    with pytest.raises(DeployError, match="a Terraform on elsewhere, which may still work there") as raised:
        locked.lock.settle(locked.move(host="elsewhere"), unchecked)
    assert "terraform force-unlock ours" in raised.value.todo
    assert locked.clock.monotonic() >= GRACE_SECONDS
    assert KEY in locked.store.objects


def test_one_on_another_machine_that_ends_meanwhile_is_over(locked: Locked) -> None:
    def end(seconds: float) -> None:
        del locked.store.objects[KEY]

    locked.clock.sleep = end  # type: ignore[method-assign]
    locked.lock.settle(locked.move(host="elsewhere"), unchecked)
    assert locked.lines == []


def test_a_lock_is_removed_although_the_folder_is_gone(locked: Locked) -> None:
    locked.work = locked.work / "removed"
    locked.lock.settle(locked.move(), unchecked)
    assert KEY not in locked.store.objects


def test_a_state_that_could_not_be_saved_is_pushed(locked: Locked) -> None:
    locked.terraform.unsaved.add(locked.work)
    locked.lock.settle(locked.move(), unchecked)
    assert locked.lines[-1] == "main: the state that Terraform could not save was pushed"


def test_the_lock_is_written_down_as_soon_as_it_is_this_apply_s_own(locked: Locked) -> None:
    """The first line may say that Terraform waits for the lock of somebody else."""
    written: list[StackMove] = []
    shown: list[str] = []
    listen = note_lock(locked.lock, locked.move(""), written.append, shown.append)
    locked.locked_by(ID="theirs", Who="grace@elsewhere")
    listen("Acquiring state lock. This may take a few moments...")
    assert written == []
    locked.locked_by()
    for line in ("Modifying", "Modified"):
        listen(line)
    assert written == [locked.move("ours")]
    assert shown == ["Acquiring state lock. This may take a few moments...", "Modifying", "Modified"]


def test_the_lock_of_a_terraform_that_still_works_stays(locked: Locked, program: "subprocess.Popen[bytes]") -> None:
    with pytest.raises(DeployError, match="Terraform still works in"):
        locked.lock.settle(locked.move(), unchecked)
    assert program.poll() is None
    assert KEY in locked.store.objects


def test_an_apply_goes_on_when_its_lock_cannot_be_read(locked: Locked) -> None:
    def away(bucket: str, key: str) -> bytes | None:
        raise DeployError("AWS cannot be reached")

    locked.store.get = away  # type: ignore[method-assign]
    shown: list[str] = []
    note_lock(locked.lock, locked.move(""), lambda move: None, shown.append)("Modifying")
    assert (shown, "could not be written down" in locked.lines[-1]) == (["Modifying"], True)


def test_a_lock_is_not_removed_by_a_run_that_has_lost_its_lease_while_it_waited(locked: Locked) -> None:
    def lost() -> None:
        raise DeployError("another run has the lease now")

    with pytest.raises(DeployError, match="another run has the lease"):
        locked.lock.settle(locked.move(), lost)
    assert KEY in locked.store.objects


def test_a_lock_that_nobody_can_read_stays(locked: Locked) -> None:
    locked.store.objects[KEY] = b"no JSON"
    locked.lock.settle(locked.move(), unchecked)
    assert KEY in locked.store.objects
