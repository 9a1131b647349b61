"""A warm server with a tiny code location, and the launches of its runs as the web server and the daemon do them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget

from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.waiting import wait_until
from deploy_pipeline.launcher import worker_of
from deploy_pipeline.warm.code_server import SOCKET
from deploy_pipeline.warm.code_server import serving as code_server_at
from deploy_pipeline.warm.identity import Worker
from deploy_pipeline_tests.warm.tiny_code import CODE

ROOT = Path(__file__).parents[2]
SECONDS = 120.0  # a test that hangs fails
LOCATION = "tiny"
SETTINGS = """
run_launcher: {module: deploy_pipeline.launcher, class: WarmRunLauncher}
run_monitoring: {enabled: true, max_resume_run_attempts: 0}
telemetry: {enabled: false}
"""


@dataclass
class Service:
    """The server of an instance in `home`, and the package `tinycode` that it has loaded."""

    home: Path
    code: Path
    process: subprocess.Popen[bytes]
    instance: dg.DagsterInstance
    workspace: WorkspaceProcessContext

    @property
    def log(self) -> str:
        """What the server and its children have said."""
        return (self.home / "warm.log").read_text()

    def write(self, word: str) -> None:
        """Change the code."""
        (self.code / "words.py").write_text(f"WORD = {word}\n")

    def create(self, job: str, **config: str) -> dg.DagsterRun:
        """A run that has not been launched."""
        op = {"looks": "look", "holds": "hold"}[job]
        given: Mapping[str, Any] = {"ops": {op: {"config": config}}}
        location = self.workspace.create_request_context().get_code_location(LOCATION)
        (repository,) = location.get_repositories().values()
        remote = repository.get_full_job(job)
        plan = location.get_execution_plan(
            remote, given, step_keys_to_execute=None, known_state=None, instance=self.instance
        )
        return self.instance.create_run(
            job_name=job,
            run_id=None,
            run_config=given,
            status=dg.DagsterRunStatus.NOT_STARTED,
            tags={},
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=None,
            execution_plan_snapshot=plan.execution_plan_snapshot,
            job_snapshot=remote.job_snapshot,
            parent_job_snapshot=remote.parent_job_snapshot,
            asset_selection=None,
            asset_check_selection=None,
            resolved_op_selection=None,
            op_selection=None,
            remote_job_origin=remote.get_remote_origin(),
            job_code_origin=remote.get_python_origin(),
            asset_graph=repository.asset_graph,
        )

    def launch(self, job: str, **config: str) -> str:
        """Launch a run as Dagster's programs do; its id."""
        run = self.create(job, **config)
        self.instance.launch_run(run.run_id, self.workspace.create_request_context())
        return run.run_id

    def run(self, run_id: str) -> dg.DagsterRun:
        """The run as it is now."""
        found = self.instance.get_run_by_id(run_id)
        assert found is not None
        return found

    def worker(self, run_id: str) -> Worker:
        """The warm worker of a run."""
        worker = worker_of(self.run(run_id))
        assert worker is not None, self.messages(run_id)
        return worker

    def ended(self, run_id: str) -> str:
        """Wait for the end of a run; its status."""
        until(lambda: self.run(run_id).is_finished, lambda: f"{run_id} has not ended: {self.messages(run_id)}")
        return self.run(run_id).status.value

    def messages(self, run_id: str) -> list[str]:
        """What the run's log says."""
        return [entry.message for entry in self.instance.all_logs(run_id)]

    def looked(self, run_id: str, file: Path) -> dict[str, Any]:
        """What the op `look` of a run that ends well has written to `file`."""
        assert self.ended(run_id) == "SUCCESS", (self.messages(run_id), self.log)
        return dict(json.loads(file.read_text()))

    def kill(self) -> None:
        """End the server at once; its children stay."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def until(ask: Callable[[], bool], complaint: Callable[[], str]) -> None:
    """Wait for something that comes."""
    if wait_until(SystemClock(), lambda: ask() or None, seconds=SECONDS, every=0.05) is None:
        raise AssertionError(complaint())


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """A server below `folder`; of it and its children nothing is left in the end."""
    home, code = folder / "home", folder / "code" / "tinycode"
    home.mkdir(mode=0o700)
    code.mkdir(parents=True)
    (home / "dagster.yaml").write_text(SETTINGS)
    for name, text in {"__init__": "", "words": "WORD = 'first'\n", "jobs": CODE}.items():
        (code / f"{name}.py").write_text(text)
    server = start(home, code.parent)
    try:
        until(lambda: code_server_at(home) is not None, (home / "warm.log").read_text)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            target = GrpcServerTarget(host="localhost", port=None, socket=str(home / SOCKET), location_name=LOCATION)
            with WorkspaceProcessContext(instance, target) as workspace:
                yield Service(home, code, server, instance, workspace)
    finally:
        clean_up(server, home)


def start(home: Path, python_path: Path) -> subprocess.Popen[bytes]:
    """Start the server as `deploy-pipeline start` does."""
    argv = [sys.executable, "-m", "deploy_pipeline.warm", str(home), "--preload", "tinycode.jobs"]
    env = {
        **os.environ, "PYTHONPATH": f"{ROOT}:{python_path}", "DAGSTER_HOME": str(home), "WARM_TEST": str(home),
        "GITHUB_TOKEN": "of the server", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    with (home / "warm.log").open("ab") as log:
        return subprocess.Popen(
            [*argv, "--location", LOCATION, "--module", "tinycode.jobs"],
            env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def clean_up(server: subprocess.Popen[bytes], home: Path) -> None:
    """End the server and whatever came of it."""
    from deploy_pipeline.cli.process_family import Family  # noqa: PLC0415

    Family(f"WARM_TEST={home}", SystemClock()).end(10, print)
    server.wait()
