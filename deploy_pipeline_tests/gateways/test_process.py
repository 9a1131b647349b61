"""Real programs (this Python and the shell's basics), real signals; time-outs by a clock that the test moves."""

import os
import select
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.child import ORPHANED, prepare_child
from deploy_pipeline.gateways.clock import Clock, SystemClock
from deploy_pipeline.gateways.process import Completed, LocalProcess, minimal_environment
from deploy_pipeline_tests.gateways.step_case import PATIENCE, Interrupted, Step, becomes

FOREVER = "import time\nprint('ready', flush=True)\ntime.sleep(3600)\n"
WITH_GRANDCHILD = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {FOREVER!r}], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
"""


class Leaping(SystemClock):
    """A clock whose monotonic time leaps past every deadline once it is told to."""

    def __init__(self) -> None:
        self.leap = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.leap


def local(clock: Clock | None = None) -> LocalProcess:
    return LocalProcess(environment=os.environ, clock=clock or SystemClock())


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def ends(pid: int) -> bool:
    """Whether the process is gone, or goes: the kernel takes a moment to end what was killed."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 60)[0])
    finally:
        os.close(watched)


def test_run_gives_both_outputs_and_the_return_code() -> None:
    argv = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert local().run(argv, timeout=60) == Completed(tuple(argv), 3, "out\n", "err\n")


def test_run_replaces_what_is_not_utf8() -> None:
    assert local().run(python(r"import os; os.write(1, b'a\xffb')"), timeout=60).stdout == "a\ufffdb"


def test_run_gives_stdin_and_never_waits_for_a_terminal() -> None:
    echo = python("import sys; print(sys.stdin.read() or 'nothing')")
    assert local().run(echo, timeout=60, stdin="hé").stdout == "hé\n"
    assert local().run(echo, timeout=60).stdout == "nothing\n"


def test_run_hands_over_lines_of_both_outputs_as_they_come() -> None:
    lines: list[str] = []
    code = "import sys; print('one\\ntwo\\r'); print('three', end='', file=sys.stderr)"
    local().run(python(code), timeout=60, on_line=lines.append)
    assert sorted(lines) == ["one", "three", "two"]


def test_run_keeps_only_the_end_of_a_huge_output_that_is_streamed() -> None:
    count = 0

    def counted(line: str) -> None:
        nonlocal count
        count += 1

    done = local().run(python("for i in range(200_000): print(i)"), timeout=60, on_line=counted)
    assert count == 200_000
    assert len(done.stdout) <= 256 * 1024
    assert done.stdout.endswith("\n199999\n")


def test_run_keeps_all_of_a_big_output_that_is_not_streamed() -> None:
    assert len(local().run(python("print('x' * 3_000_000)"), timeout=60).stdout) == 3_000_001


def test_run_gives_only_the_environment_that_it_was_given() -> None:
    show = python("import os; print(sorted(k for k in os.environ if k != 'LC_CTYPE'))")
    assert local().run(show, timeout=60, env={"ONLY": "this"}).stdout == "['ONLY']\n"


def test_run_without_environment_hides_credentials() -> None:
    process = LocalProcess(
        environment={**os.environ, "AWS_SECRET_ACCESS_KEY": "s", "GITHUB_TOKEN": "t"}, clock=SystemClock()
    )
    shown = process.run(python("import os; print(*os.environ)"), timeout=60).stdout.split()
    assert "PATH" in shown
    assert not {"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"} & set(shown)


def test_minimal_environment_always_has_a_path() -> None:
    assert minimal_environment({"SLACK_BOT_TOKEN": "x", "https_proxy": "http://p"}) == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "https_proxy": "http://p",
    }


def test_run_of_a_missing_program_says_what_to_install() -> None:
    with pytest.raises(DeployError) as caught:
        local().run(["/nowhere/terraform", "init"], timeout=60)
    assert "cannot run /nowhere/terraform" in str(caught.value)
    assert "install Terraform 1.10 or newer" in caught.value.todo


def test_run_in_a_missing_folder_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="absent does not exist"):
        local().run(["true"], cwd=tmp_path / "absent", timeout=60)


def test_run_past_its_time_interrupts_first_and_quotes_the_last_output() -> None:
    clock = Leaping()
    code = (
        "import os, signal, time\n"
        "def stop(*_): os.write(1, b'state saved'); os._exit(0)\n"
        "signal.signal(signal.SIGINT, stop)\nos.write(1, b'ready\\n')\ntime.sleep(3600)\n"
    )

    def leap(line: str) -> None:
        clock.leap += 1000 if line == "ready" else 0

    with pytest.raises(DeployError, match="did not end within 60 s and was stopped; it last said:\nready\nstate saved"):
        local(clock).run(python(code), timeout=60, grace=2000, on_line=leap)


def test_run_past_its_time_kills_what_ignores_the_interrupt() -> None:
    clock = Leaping()
    seen: list[int] = []
    code = (
        "import os, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True)\ntime.sleep(3600)\n"
    )

    def leap(line: str) -> None:
        seen.append(int(line))
        clock.leap += 1000

    with pytest.raises(DeployError, match="did not end within 60 s"):
        local(clock).run(python(code), timeout=60, grace=0, on_line=leap)
    assert ends(seen[0])


def test_run_that_is_cancelled_leaves_no_process_and_passes_the_cancellation_on() -> None:
    seen: list[int] = []

    def cancel(line: str) -> None:
        seen.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local().run(python(WITH_GRANDCHILD + FOREVER), timeout=600, on_line=cancel)
    assert ends(seen[0])


def test_run_that_is_cancelled_while_it_stops_a_program_interrupts_that_once(tmp_path: Path) -> None:
    """After a second SIGINT Terraform leaves without writing its state."""
    clock = Leaping()
    code = (
        "import os, signal, sys, time\ncame = []\n"
        "def stop(*_): came.append(1); os.write(1, b'interrupted\\n')\n"
        "signal.signal(signal.SIGINT, stop)\nos.write(1, b'ready\\n')\nwhile not came: time.sleep(0.01)\n"
        "time.sleep(0.5)\nopen(sys.argv[1], 'w').write(f'state saved after {len(came)}')\n"
    )

    def cancel(line: str) -> None:
        if line == "ready":
            clock.leap += 1000
        else:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local(clock).run([*python(code), str(tmp_path / "saved")], timeout=60, grace=2000, on_line=cancel)
    assert (tmp_path / "saved").read_text() == "state saved after 1"


def test_a_program_that_is_interrupted_while_it_starts_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    begun, go_on = threading.Event(), threading.Event()
    start = subprocess.Popen._execute_child  # type: ignore[attr-defined]  # where it waits for the new program

    def start_slowly(program: subprocess.Popen[bytes], *arguments: object) -> None:
        start(program, *arguments)
        started.append(program.pid)
        begun.set()
        go_on.wait()

    monkeypatch.setattr(subprocess.Popen, "_execute_child", start_slowly)
    step = Step(lambda: local().run(python("import time; time.sleep(3600)"), timeout=600))
    assert begun.wait(PATIENCE)
    step.interrupt()
    go_on.set()
    assert step.ends()
    assert isinstance(step.error, Interrupted)
    assert ends(started[0])


def test_run_kills_what_a_program_left_behind() -> None:
    done = local().run(python(WITH_GRANDCHILD), timeout=60)
    assert done.returncode == 0
    assert ends(int(done.stdout))


def test_run_interrupts_the_program_when_its_own_process_is_killed() -> None:
    inner = (
        "import os, sys\nfrom deploy_pipeline.gateways.clock import SystemClock\n"
        "from deploy_pipeline.gateways.process import LocalProcess\n"
        "LocalProcess(environment=os.environ, clock=SystemClock()).run(\n"
        f"    [sys.executable, '-c', 'import os; print(os.getpid(), flush=True);' + {FOREVER!r}],\n"
        "    timeout=600, on_line=lambda line: line.isdigit() and (print(line, flush=True), os.kill(os.getpid(), 9)))\n"
    )
    done = local().run(python(inner), timeout=60, env={**os.environ})
    assert done.returncode == -signal.SIGKILL
    assert ends(int(done.stdout))


def test_a_program_whose_starter_is_killed_can_still_say_what_it_does_and_end(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    program = (
        "import os, pathlib, signal, sys, time\n"
        "def save(*_):\n"
        "    for stream in (sys.stdout, sys.stderr):\n"
        "        print('x' * 500_000, file=stream, flush=True)\n"
        f"    pathlib.Path({str(saved)!r}).touch()\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGINT, save)\n"
        # Not `print`: an interruption within it would have `save` refused as a reentrant call.
        "os.write(1, b'started\\n')\n"
        "time.sleep(3600)\n"
    )
    inner = (
        "import os, sys\nfrom deploy_pipeline.gateways.clock import SystemClock\n"
        "from deploy_pipeline.gateways.process import LocalProcess\n"
        "LocalProcess(environment=os.environ, clock=SystemClock()).run(\n"
        f"    [sys.executable, '-c', {program!r}], timeout=600, on_line=lambda line: os.kill(os.getpid(), 9))\n"
    )
    assert local().run(python(inner), timeout=60, env={**os.environ}).returncode == -signal.SIGKILL
    assert becomes(saved.exists)


def test_a_program_whose_starter_is_gone_before_it_begins_does_not_begin() -> None:
    """Nobody would ever interrupt it: the signal for the starter's death was asked for too late."""
    done = subprocess.run(["echo", "begun"], check=False, stdout=subprocess.PIPE, preexec_fn=partial(prepare_child, -1))
    assert (done.returncode, done.stdout) == (ORPHANED, b"")
