"""Processes told apart: real ones, and what a tag may hold."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy_pipeline.warm.identity import Worker, boot_id, lived_at, started_at

PAUSES = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where the tests run in the background of a shell
print('ready', flush=True)
signal.pause()
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for a signal."""
    with subprocess.Popen([sys.executable, "-c", PAUSES], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def worker_in(process: subprocess.Popen[bytes]) -> Worker:
    return Worker("run", process.pid, started_at(process.pid) or 0, boot_id())


def test_this_process_is_alive_and_its_text_is_read_back() -> None:
    here = Worker.here("run")
    assert here.alive
    assert Worker.from_text(here.text()) == here


def test_an_interrupt_reaches_the_process(child: subprocess.Popen[bytes]) -> None:
    worker = worker_in(child)
    assert worker.interrupt()
    assert child.wait() != 0
    assert not worker.alive
    assert not worker.interrupt()


def test_a_corpse_is_not_alive(child: subprocess.Popen[bytes]) -> None:
    worker = worker_in(child)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in /proc
    assert not worker.alive
    assert not worker.interrupt()


@pytest.mark.parametrize("change", [{"started": 1}, {"boot": "an earlier boot"}])
def test_another_process_with_the_same_pid_gets_no_signal(
    child: subprocess.Popen[bytes], change: dict[str, object]
) -> None:
    other = replace(worker_in(child), **change)  # type: ignore[arg-type]
    assert not other.alive
    assert not other.interrupt()
    assert child.poll() is None


def test_a_process_has_its_pid_since_it_was_started(child: subprocess.Popen[bytes]) -> None:
    assert lived_at(child.pid, time.time())
    assert not lived_at(child.pid, time.time() - 3600)


@given(st.text() | st.sampled_from(['{"pid": 1}', "[]", "null", '{"run_id":"a","pid":"x","started":1,"boot":""}']))
def test_what_is_no_worker_is_read_as_none(text: str) -> None:
    assert Worker.from_text(text) is None
