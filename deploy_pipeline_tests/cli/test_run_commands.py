"""`deploy-pipeline run`, in a folder with a module of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from deploy_pipeline.cli.run_commands import run
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sensors.lost_runs import is_gone

LAUNCHER = """
run_launcher: {module: deploy_pipeline.launcher, class: WarmRunLauncher}
telemetry: {enabled: false}
"""
MODULE = """
import time
import dagster as dg
from deploy_pipeline.executor import thread_executor

@dg.op(config_schema={"fail": dg.Field(bool, default_value=False), "tenths": dg.Field(int, default_value=0)})
def build(context):
    print("building", flush=True)
    for _ in range(context.op_config["tenths"]):
        time.sleep(0.1)
    if context.op_config["fail"]:
        raise dg.Failure("no disk")

@dg.job(executor_def=thread_executor)
def a_job():
    build()

defs = dg.Definitions(jobs=[a_job])
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project's folder as the working folder."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    (tmp_path / "workspace.yaml").touch()
    (tmp_path / "jobs_here.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    sys.modules.pop("jobs_here", None)


def config(project: Path, **values: object) -> str:
    file = project / "run.yaml"
    file.write_text(json.dumps({"ops": {"build": {"config": values}}}))
    return str(file)


def called(project: Path, *arguments: str) -> Result:
    full = ["--home", str(project / "home"), "-m", "jobs_here", *arguments]
    return CliRunner().invoke(run, full, catch_exceptions=False)


def recorded(project: Path) -> list[dg.DagsterRun]:
    with dg.DagsterInstance.from_config(str(project / "home")) as instance:
        return list(instance.get_runs())


def test_a_run_is_recorded_and_its_end_is_the_exit_code(project: Path) -> None:
    done = called(project, "a_job", "--json")
    (made,) = recorded(project)
    assert (done.exit_code, made.status) == (0, dg.DagsterRunStatus.SUCCESS)
    assert json.loads(done.stdout.splitlines()[-1]) == {"run_id": made.run_id, "outcome": "succeeded", "failed": []}


def test_a_failure_names_its_steps(project: Path) -> None:
    done = called(project, "a_job", "--config", config(project, fail=True))
    (made,) = recorded(project)
    assert (done.exit_code, made.status) == (1, dg.DagsterRunStatus.FAILURE)
    assert f"run {made.run_id} failed in build\n" in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("another_job",), r"jobs_here: there is no job another_job\nWhat to do: one of: a_job"),
        (("a_job", "-m", "jobs_elsewhere"), "jobs_elsewhere: there is no such module"),
        (("a_job", "-m", "jobs_here.deeper"), "jobs_here.deeper: there is no such module"),
        (("a_job", "--config", "jobs_here.py"), "jobs_here.py: is not YAML"),
        (("a_job", "--config", "workspace.yaml"), "workspace.yaml: is not a run's configuration"),
    ],
)
def test_what_cannot_be_run_is_named(project: Path, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(DeployError, match=words):
        called(project, *arguments)


def test_a_module_that_cannot_be_imported_shows_its_own_error(project: Path) -> None:
    (project / "jobs_here.py").write_text("import a_library_that_is_missing\n")
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_missing"):
        called(project, "a_job")


def test_outside_of_a_project_nothing_is_made(project: Path) -> None:
    (project / "workspace.yaml").unlink()
    with pytest.raises(DeployError, match=r"no workspace\.yaml here"):
        called(project, "a_job")
    assert not (project / "home").exists()


def test_a_second_run_of_the_job_is_refused_while_the_first_goes_on(project: Path) -> None:
    with working(project) as first:
        with pytest.raises(DeployError, match=r"run [0-9a-f-]{36} of a_job goes on"):
            called(project, "a_job")
        first.send_signal(signal.SIGINT)
        said, _ = first.communicate(timeout=60)
    assert first.returncode == 130, said
    assert "interrupted in build" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_goes_away_interrupts_the_run(project: Path, number: signal.Signals) -> None:
    with working(project) as first:
        first.send_signal(number)
        said, _ = first.communicate(timeout=60)
    assert first.returncode == 130, said
    (made,) = recorded(project)
    assert made.is_finished


def test_a_run_whose_process_was_killed_is_known_as_gone_and_holds_no_other_up(project: Path) -> None:
    (project / "dagster.yaml").write_text(LAUNCHER)
    with working(project) as first:
        first.kill()
    assert called(project, "a_job").exit_code == 0
    with dg.DagsterInstance.from_config(str(project / "home")) as instance:
        killed = next(run for run in instance.get_runs() if not run.is_finished)
        assert is_gone(instance, killed)  # which is what run monitoring asks, to fail it


def as_in_a_terminal() -> None:
    """Whoever runs the tests may have the signal ignored, as `nohup` does."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def working(project: Path) -> "subprocess.Popen[str]":
    """The command in a process of its own, inside of its step."""
    command = [sys.executable, "-m", "deploy_pipeline.cli.main", "run", "a_job", "-m", "jobs_here", "--home", "home"]
    settings = ["--config", config(project, tenths=6000)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    started = subprocess.Popen(
        [*command, *settings], cwd=project, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, preexec_fn=as_in_a_terminal,  # noqa: PLW1509  (one system call)
    )  # fmt: skip
    assert started.stdout is not None
    for line in started.stdout:
        if line.startswith("building"):
            return started
    raise AssertionError(f"ended with {started.wait()} before its step began")
