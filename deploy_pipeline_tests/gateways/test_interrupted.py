"""Steps that are interrupted while they wait: each ends, and nothing of it is left."""

import contextlib
import http.server
import os
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_engine import DockerSettings, LocalDockerEngine
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline.gateways.lambda_functions import LambdaFunctions
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline_tests.gateways.box_case import BASE_IMAGE, SMALL, checkout, isolation, left_in_the_engine
from deploy_pipeline_tests.gateways.docker_case import build
from deploy_pipeline_tests.gateways.git_case import Repository, local
from deploy_pipeline_tests.gateways.step_case import PATIENCE, Interrupted, Step, becomes, interrupted

MOMENTS = 12


def processes_with(argument: str) -> list[int]:
    """The processes that were started with this argument."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if argument.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go meanwhile; its path is short enough for a socket's."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_a_sleep() -> None:
    def sleep(begun: threading.Event) -> None:
        begun.set()
        SystemClock().sleep(3600)

    interrupted(sleep)


def test_a_wait_for_a_lock(tmp_path: Path) -> None:
    lock, clock = tmp_path / "lock", SystemClock()

    def wait(begun: threading.Event) -> None:
        begun.set()
        with file_lock(lock, clock, 3600):
            pass

    with file_lock(lock, clock, 0):
        interrupted(wait)
        with pytest.raises(DeployError, match="held the lock"), file_lock(lock, clock, 0):
            pass
    with file_lock(lock, clock, 0):
        pass


def test_a_program() -> None:
    mark = f"3600.{uuid.uuid4().int}"

    def run(begun: threading.Event) -> None:
        argv = ["sh", "-c", 'sleep "$1" & echo started; wait', "sh", mark]
        LocalProcess(environment=os.environ, clock=SystemClock()).run(argv, timeout=3600, on_line=lambda _: begun.set())

    interrupted(run)
    assert becomes(lambda: not processes_with(mark))


def test_a_program_at_any_moment_of_its_start() -> None:
    mark = f"30.{uuid.uuid4().int}"
    process = LocalProcess(environment=os.environ, clock=SystemClock())
    steps = [Step(lambda: process.run(["sleep", mark], timeout=3600)) for _ in range(MOMENTS)]
    for step in steps:
        time.sleep(0.001)  # each at another moment of its start, which no clock can be told
        step.interrupt()
    assert all(step.ends() for step in steps)
    assert {type(step.error) for step in steps} == {Interrupted}
    assert becomes(lambda: not processes_with(mark))


def test_a_checkout_at_any_moment(tmp_path: Path) -> None:
    remote = Repository(tmp_path / "remote")
    commits = [remote.commit({f"{number}/{name}": "x" for name in range(20)}) for number in range(MOMENTS)]
    git = local(tmp_path / "work")
    steps = [Step(lambda sha=sha: git.checkout(remote.url, sha)) for sha in commits]  # type: ignore[misc]
    for step in steps:
        time.sleep(0.02)  # as above
        step.interrupt()
    assert all(step.ends() for step in steps)
    assert {type(step.error) for step in steps} <= {Interrupted, type(None)}
    for number, sha in enumerate(commits):
        assert len(list((git.checkout(remote.url, sha) / str(number)).iterdir())) == 20
    assert {path.name for path in (tmp_path / "work" / "checkouts").iterdir()} == set(commits)


class Silent(http.server.BaseHTTPRequestHandler):
    """Takes a request and gives no answer."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.over.wait(0.5)  # type: ignore[attr-defined]  # until whoever asked waits for the answer
        self.server.asked.set()  # type: ignore[attr-defined]
        self.server.over.wait()  # type: ignore[attr-defined]

    do_GET = do_POST

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay quiet."""


@contextlib.contextmanager
def silent() -> Iterator[tuple[str, threading.Event]]:
    """The address of a server that never answers, and whether it was asked."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        server.daemon_threads = True
        server.asked, server.over = threading.Event(), threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", server.asked  # type: ignore[attr-defined]
        finally:
            server.over.set()  # type: ignore[attr-defined]
            server.shutdown()


def test_a_function_that_takes_long(aws_credentials: None) -> None:
    with silent() as (url, asked):
        functions = LambdaFunctions(AwsSettings("us-east-1", url), SystemClock())
        step = Step(lambda: functions.invoke("slow", "live", {}))
        assert asked.wait(PATIENCE)
        step.interrupt()
        assert step.ends()
        assert isinstance(step.error, Interrupted)


def test_nobody_waits_for_the_question_of_another_thread() -> None:
    """Who we are is asked of GitHub once; a thread that asks meanwhile does not wait in a lock, and asks itself."""
    clock = SystemClock()
    with silent() as (stalled, asked), silent() as (other, other_asked):
        for url, was_asked in ((stalled, asked), (other, other_asked)):
            github = GitHubApi(GitHubSettings(url, token="t", timeout=PATIENCE), clock)
            Step(lambda github=github: github.login())  # type: ignore[misc]
            assert was_asked.wait(PATIENCE / 4)


@pytest.mark.real
def test_a_build(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN sleep 3600 # {mark}\n")
    engine = docker.APIClient(version="auto")

    def running() -> bool:
        return any(mark in each["Command"] for each in engine.containers(all=True))

    gateway = LocalDockerEngine(DockerSettings(), SystemClock())
    step = Step(lambda: build(gateway, context, tag=f"interrupted:{mark}", timeout=3600))
    assert becomes(running)
    step.interrupt()
    assert step.ends()
    assert isinstance(step.error, Interrupted)
    assert becomes(lambda: not running())
    engine.close()


@pytest.mark.real
def test_a_program_in_a_box(tmp_path: Path, temporary: Path) -> None:
    name, tree = f"interrupted-{uuid.uuid4().hex}", checkout(tmp_path)
    setup = BoxSetup(name, str(tree), redirects={"x.internal:1": "127.0.0.1:1"}, limits=SMALL)
    boxes = isolation(tmp_path / "work")

    def run(begun: threading.Event) -> None:
        with boxes.box(setup) as box:
            box.run(("sh", "-c", "echo started; sleep 3600"), timeout=3600, on_line=lambda _: begun.set())

    interrupted(run)
    assert left_in_the_engine().count(name) == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.real
def test_a_box_at_any_moment(tmp_path: Path, temporary: Path) -> None:
    name, tree = f"interrupted-{uuid.uuid4().hex}", checkout(tmp_path)
    setup = BoxSetup(name, str(tree), redirects={"x.internal:1": "127.0.0.1:1"}, limits=SMALL)
    boxes = isolation(tmp_path / "work")

    def use() -> None:
        with boxes.box(setup) as box:
            box.run(("true",), timeout=60)

    for _ in range(3):
        steps = [Step(use) for _ in range(MOMENTS // 3)]
        for step in steps:
            time.sleep(0.3)  # as above
            step.interrupt()
        assert all(step.ends() for step in steps)
        assert [step.error for step in steps if type(step.error) not in {Interrupted, type(None)}] == []
    assert left_in_the_engine().count(name) == 0
    assert list(temporary.iterdir()) == []
