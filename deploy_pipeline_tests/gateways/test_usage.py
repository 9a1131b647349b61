"""Marks of what is cached, and who owns a box."""

from pathlib import Path

from deploy_pipeline.gateways.box_owner import BoxOwner
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
