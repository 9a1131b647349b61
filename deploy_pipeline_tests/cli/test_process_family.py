"""Real processes with tiny programs, found by their mark and ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline.cli.process_family import Family, Member, to_ask
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline_tests.fakes.fake_clock import FakeClock

OBEDIENT = "import signal; print('ready', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\nwhile 1: signal.pause()"
)
STARTS_ANOTHER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {program!r}], start_new_session=True, env={env})
child.stdout, {wait}
"""


@pytest.fixture
def marker(tmp_path: Path) -> str:
    """A mark that no other test's processes carry."""
    return f"DEPLOY_PIPELINE_TEST={tmp_path}"


@pytest.fixture(autouse=True)
def nothing_is_left(marker: str) -> Iterator[None]:
    """Whatever a test found."""
    yield
    Family(marker, SystemClock()).end(0, print)


def begun(program: str, marker: str) -> subprocess.Popen[bytes]:
    """A marked process that has said that it is ready."""
    name, _, value = marker.partition("=")
    child = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, name: value}, stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    child.stdout.close()
    return child


def starts_another(program: str, env: str, wait: str) -> str:
    return STARTS_ANOTHER.format(program=program, env=env, wait=wait)


def test_end_asks_first(marker: str) -> None:
    child = begun(OBEDIENT, marker)
    Family(marker, SystemClock()).end(60, print)
    assert child.wait() == -signal.SIGTERM


def test_end_kills_what_does_not_end_within_the_grace(marker: str) -> None:
    child, said = begun(STUBBORN, marker), list[str]()
    Family(marker, SystemClock()).end(0, said.append)
    assert child.wait() == -signal.SIGKILL
    assert said == ["1 processes did not end within 0 s: ending them by force"]


def test_end_says_what_it_waits_for_after_two_seconds(marker: str) -> None:
    child, said, clock = begun(STUBBORN, marker), list[str](), FakeClock()

    def show(line: str) -> None:
        said.append(f"{clock.monotonic():.1f} {line}")
        child.kill()
        child.wait()

    Family(marker, clock).end(60, show)
    assert said == ["2.0 waiting up to 60 s for 1 processes: what a run has begun ends in order"]


def test_what_a_dead_leader_left_in_a_session_of_its_own_is_ended(marker: str) -> None:
    leader = begun(starts_another(OBEDIENT, env="None", wait="None"), marker)
    assert leader.wait() == 0
    family = Family(marker, SystemClock())
    assert len(family.alive()) == 1
    family.end(60, print)
    assert family.alive() == []


def test_a_child_without_the_mark_belongs_to_the_family_and_stays_when_its_parent_is_gone(marker: str) -> None:
    leader = begun(starts_another(OBEDIENT, env="{}", wait="child.wait()"), marker)
    family = Family(marker, SystemClock())
    assert sorted(member.marked for member in family.alive()) == [False, True]
    leader.kill()
    leader.wait()
    assert [member.marked for member in family.alive()] == [False]
    family.end(0, print)
    assert family.alive() == []


def test_processes_of_others_are_left_alone(marker: str) -> None:
    child = begun(OBEDIENT, marker)
    Family(f"{marker}-other", SystemClock()).end(0, print)
    assert child.poll() is None


def member(pid: int, parent: int, *, marked: bool = True, worker: bool = False) -> Member:
    return Member(pid, 1, parent, marked, worker)


DAEMON, CODE_SERVER = member(10, 1), member(11, 10)
RUN_WORKER = member(12, 11, worker=True)
FORK_SERVER, STEP = member(13, 12, worker=True), member(14, 13, worker=True)
LOG_TAIL, TERRAFORM, PROVIDER = member(15, 14), member(16, 14, marked=False), member(17, 16, marked=False)


@pytest.mark.parametrize(
    ("living", "expected"),
    [
        (
            [DAEMON, CODE_SERVER, RUN_WORKER, FORK_SERVER, STEP, LOG_TAIL, TERRAFORM, PROVIDER],
            [DAEMON, CODE_SERVER, RUN_WORKER],
        ),
        ([STEP, LOG_TAIL, TERRAFORM, PROVIDER], [STEP]),  # its run worker is gone
        ([TERRAFORM, PROVIDER], []),  # the kernel has interrupted it when its step ended
    ],
)
def test_to_ask_leaves_steps_and_their_programs_to_who_started_them(
    living: list[Member], expected: list[Member]
) -> None:
    assert to_ask(living) == expected
