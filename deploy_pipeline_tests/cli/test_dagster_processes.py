"""Starting and stopping real processes: tiny ones, and a tiny Dagster project with a run that is going."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy_pipeline.cli.dagster_processes import (
    DagsterProcesses,
    dagster_environment,
    end_leftovers,
    family_of,
    free_port,
    identity_of,
    inherited,
    launch_all,
    start_dagster,
)
from deploy_pipeline.cli.instance_folder import sole_use
from deploy_pipeline.cli.launched import Kept, Program
from deploy_pipeline.cli.process_family import Family
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import MINIMAL_NAMES
from deploy_pipeline.settings import Settings
from deploy_pipeline_tests.fakes.fake_clock import FakeClock

ROOT = Path(__file__).parents[2]
SECONDS = 180  # a test that hangs fails
PAUSES = "import signal; signal.pause()"
IGNORES = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\nwhile 1: signal.pause()"
)
WORKSPACE = "load_from: [{python_file: {relative_path: tiny.py, location_name: tiny}}]\n"
PROJECT = """
import os, sys
import dagster as dg
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.process import LocalProcess

TOOL = '''
import os, signal, socket
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
with socket.create_connection(("127.0.0.1", int(os.environ["PORT"]))) as test:
    test.sendall(b"begun ")
    test.sendall(signal.Signals(signal.sigwait({signal.SIGINT, signal.SIGTERM})).name.encode())
    again = signal.sigtimedwait({signal.SIGINT, signal.SIGTERM}, 1)
    test.sendall(b" cut short" if again else b" state written")
'''

@dg.op
def hold() -> None:
    tool = LocalProcess(environment=os.environ, clock=SystemClock())
    tool.run([sys.executable, "-c", TOOL], env={"PORT": os.environ["GITHUB_PORT"]}, timeout=600, grace=300)

steps = dg.multiprocess_executor.configured({"start_method": {"forkserver": {}}}, name="steps")

@dg.job(executor_def=steps)
def tiny() -> None:
    hold()

@dg.sensor(job=tiny, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def once(context: dg.SensorEvaluationContext) -> dg.RunRequest:
    return dg.RunRequest(run_key="only")

defs = dg.Definitions(jobs=[tiny], sensors=[once])
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """An instance folder of which nothing runs in the end."""
    yield tmp_path / "home"
    family_of(tmp_path / "home").end(0, print)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Dagster project whose one job waits in a program that a step has started."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copyfile(ROOT / "dagster.yaml", folder / "dagster.yaml")
    (folder / "workspace.yaml").write_text(WORKSPACE)
    (folder / "tiny.py").write_text(PROJECT)
    return folder


def text_until_end(connection: socket.socket) -> str:
    return b"".join(iter(lambda: connection.recv(1024), b"")).decode()


def test_stop_leaves_nothing_of_a_going_run_and_lets_its_program_end_in_order(project: Path, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        environment = {"GITHUB_PORT": str(server.getsockname()[1]), "PYTHONPATH": str(ROOT)}
        dagster = start_dagster(project, home, free_port(0), environment)
        try:
            connection, _ = server.accept()
            assert connection.recv(6) == b"begun "
        finally:
            dagster.stop(SECONDS, print)
    connection.settimeout(SECONDS)
    with connection:
        assert text_until_end(connection) == "SIGINT state written"
    assert family_of(home).alive() == []
    assert all(child.returncode is not None for child in dagster.children)
    with sole_use(home):  # another start may use it now
        pass


def test_a_second_interrupt_does_not_break_the_end(home: Path) -> None:
    marker = f"DEPLOY_PIPELINE_TEST={home}"
    env = {**os.environ, "DEPLOY_PIPELINE_TEST": str(home)}
    child = subprocess.Popen([sys.executable, "-c", IGNORES], env=env, stdout=subprocess.PIPE)
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    child.stdout.close()
    said: list[str] = []

    def show(line: str) -> None:
        said.append(line)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)

    program = Kept("child", home, lambda: child, child)
    DagsterProcesses(home, 1, [program], Family(marker, FakeClock()), ExitStack()).stop(3, show)

    assert child.returncode == -signal.SIGKILL
    assert len(said) == 2


def test_the_first_program_is_ended_when_the_second_cannot_be_started(tmp_path: Path, home: Path) -> None:
    family = family_of(home)
    env = {**os.environ, "DEPLOY_PIPELINE_DAGSTER": identity_of(home)}
    commands = {"webserver": [Path(sys.executable).name, "-c", PAUSES], "daemon": ["no-such-program"]}

    with pytest.raises(DeployError, match="cannot be started: No such file or directory"):
        launch_all(commands, tmp_path, tmp_path / "logs", env, family)

    assert (tmp_path / "logs" / "webserver.log").exists()
    assert family.alive() == []


def test_what_a_killed_start_left_is_ended_by_the_next(tmp_path: Path, home: Path) -> None:
    env = {**os.environ, "DEPLOY_PIPELINE_DAGSTER": identity_of(home)}
    commands = {"daemon": [Path(sys.executable).name, "-c", PAUSES]}
    (left,) = launch_all(commands, tmp_path, tmp_path / "logs", env, family_of(home))

    end_leftovers(family_of(home), home)

    assert left.process.wait() == -signal.SIGTERM


def test_a_program_that_is_killed_is_started_again_and_one_that_ends_again_and_again_is_named(
    tmp_path: Path, home: Path
) -> None:
    env = {**os.environ, "DEPLOY_PIPELINE_DAGSTER": identity_of(home)}
    commands = {name: [Path(sys.executable).name, "-c", PAUSES] for name in ("webserver", "daemon")}
    programs = launch_all(commands, tmp_path, tmp_path / "logs", env, family_of(home))
    service = DagsterProcesses(home, 1, programs, family_of(home), ExitStack())
    webserver, first = service.children
    assert service.mend() is None
    for _ in range(2):
        kill(service.children[1])
        assert service.mend() is None
    kill(service.children[1])
    trouble = service.mend()
    assert trouble is not None
    assert trouble.startswith("dagster daemon ended 3 times in 5 minutes; see ")
    assert service.children[0] is webserver
    assert webserver.poll() is None
    assert service.children[1] is not first


def kill(program: Program) -> None:
    os.kill(program.pid, signal.SIGKILL)
    program.wait()


def test_a_second_start_on_the_same_instance_is_refused_before_it_touches_anything(project: Path, home: Path) -> None:
    with sole_use(home), pytest.raises(DeployError, match="in use by another"):
        start_dagster(project, home, free_port(0), {})
    assert [path.name for path in home.iterdir()] == ["deploy-pipeline.lock"]


def test_every_setting_reaches_the_service() -> None:
    """`start` gives its programs a part of our environment: what is missing there is off, whatever people set."""
    settings = [str(field.alias) for field in Settings.model_fields.values()]
    given = dict.fromkeys((*settings, *MINIMAL_NAMES), "x")
    assert set(given) - set(inherited(given)) == set()
    assert inherited({"SOME_SECRET": "x"}) == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "http://127.0.0.1:4000"),
        ({"DEPLOY_PIPELINE_UI_URL": ""}, "http://127.0.0.1:4000"),
        ({"DEPLOY_PIPELINE_UI_URL": "https://ci.example.com"}, "https://ci.example.com"),
    ],
)
def test_the_address_that_is_set_for_the_ui_is_kept(tmp_path: Path, given: dict[str, str], expected: str) -> None:
    seen = dagster_environment(tmp_path, tmp_path / "home", 4000, given, {})
    assert seen["DEPLOY_PIPELINE_UI_URL"] == expected
    assert seen["DAGSTER_HOME"] == str(tmp_path / "home")
