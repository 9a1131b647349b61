"""The clock of one process jumps, and no other's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy_pipeline_tests.chaos.clock import worker_clock

HOUR = 3600
ASK = """
import datetime, os, sys, time
print(os.getpid(), flush=True)
for line in sys.stdin:
    print(time.time() - time.monotonic(), datetime.datetime.now().timestamp() - time.time(), flush=True)
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no compiler")
def test_a_clock_jumps_for_one_process_and_leaves_its_monotonic_clock(tmp_path: Path) -> None:
    clock = worker_clock(tmp_path)
    assert clock is not None
    argv, env = [sys.executable, "-c", ASK], {**os.environ, **clock.env}
    with subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        seen = []
        for shifted, seconds in ((pid, 0), (pid, HOUR), (pid, -HOUR), (pid + 1, HOUR)):
            clock.jump(shifted, seconds)
            process.stdin.write("\n")
            process.stdin.flush()
            wall, between = map(float, process.stdout.readline().split())
            seen.append((round((wall) / 60), abs(between) < HOUR / 2))
        process.stdin.close()
    begin = seen[0][0]
    assert [(minutes - begin, same) for minutes, same in seen] == [(0, True), (60, True), (-60, True), (0, True)]
