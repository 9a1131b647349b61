"""Marks of what is cached, and who owns a box."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy_pipeline.gateways.box_owner import BoxOwner
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.usage import Usage
from deploy_pipeline_tests.fakes.fake_clock import FakeClock

DAY = 24 * 3600.0


def test_what_was_not_used_for_long(tmp_path: Path) -> None:
    clock = FakeClock()
    usage = Usage(tmp_path / "marks", clock)
    assert (usage.unused(), usage.is_marked("a")) == ((), False)
    usage.mark("a")
    usage.mark("b")
    clock.sleep(10 * DAY)
    usage.mark("b")
    clock.sleep(5 * DAY)
    assert (usage.is_marked("a"), usage.unused()) == (True, ("a",))
    usage.drop("a")
    assert (usage.is_marked("a"), usage.unused()) == (False, ())


def test_what_is_more_than_is_kept_goes_by_its_last_use(tmp_path: Path) -> None:
    clock = FakeClock()
    usage = Usage(tmp_path / "marks", clock, 2)
    for name in ("b", "a", "c", "d", "b"):
        usage.mark(name)
        clock.sleep(1.0)
    assert usage.unused() == ("a", "c")
    usage.drop("c")
    assert usage.unused() == ("a",)


def test_a_mark_that_another_removes_meanwhile_does_not_count(tmp_path: Path) -> None:
    usage = Usage(tmp_path, FakeClock(), 0)
    usage.mark("a")
    (tmp_path / "gone.used").symlink_to(tmp_path / "nothing")  # listed, and then not there
    assert usage.unused() == ("a",)


def test_threads_share_one_label(tmp_path: Path) -> None:
    for number in range(20):
        owner, at_once = BoxOwner(tmp_path / str(number), SystemClock()), threading.Barrier(8)

        def label(owner: BoxOwner = owner, at_once: threading.Barrier = at_once) -> str:
            at_once.wait()
            return owner.label

        with ThreadPoolExecutor(8) as pool:
            labels = {future.result() for future in [pool.submit(label) for _ in range(8)]}
        assert len(labels) == 1
        assert labels.pop().split("/")[0] == (tmp_path / str(number) / "id").read_text()
        owner.close()


def test_an_owner_is_dead_when_its_lock_is_free(tmp_path: Path) -> None:
    one, other = BoxOwner(tmp_path, FakeClock()), BoxOwner(tmp_path, FakeClock())
    label = one.label
    assert (one.is_dead(label), other.is_dead(label)) == (False, False)
    one.close()
    assert other.is_dead(label)
    assert one.label == label


def test_an_owner_of_another_folder_is_never_dead(tmp_path: Path) -> None:
    one, other = BoxOwner(tmp_path / "a", FakeClock()), BoxOwner(tmp_path / "b", FakeClock())
    label = one.label
    one.close()
    assert not other.is_dead(label)
    assert not other.is_dead(f"{other.folder_id()}/../../x")
    assert not other.is_dead("")
