"""The warm server as `deploy-pipeline start` runs it, with a tiny Dagster project."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline.cli.dagster_processes import family_of, free_port, start_dagster
from deploy_pipeline.cli.launched import Forked
from deploy_pipeline.cli.warm_process import AGAIN_SECONDS, Location, WarmProcess, only_location, served_location
from deploy_pipeline.gateways.certificates import trusted_file
from deploy_pipeline_tests.warm.service import ROOT, SECONDS, until

MODULE = "load_from: [{{python_module: {}}}]\n"
PROJECT = """
import os
from pathlib import Path
import dagster as dg

@dg.op
def look() -> None:
    file = Path(os.environ["GITHUB_FILE"])
    file.with_suffix(".new").write_text(Path("/proc/self/comm").read_text().strip())
    file.with_suffix(".new").rename(file)

@dg.job(executor_def=dg.in_process_executor)
def tiny() -> None:
    look()

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
    """A project whose one module is served by the warm server."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copyfile(ROOT / "dagster.yaml", folder / "dagster.yaml")
    (folder / "workspace.yaml").write_text(MODULE.format("{module_name: tinymodule, location_name: tiny}"))
    (folder / "tinymodule.py").write_text(PROJECT)
    return folder


def test_all_is_forked_from_the_warm_server_and_nothing_is_left_in_the_end(project: Path, home: Path) -> None:
    looked = home / "looked"
    dagster = start_dagster(project, home, free_port(0), {"GITHUB_FILE": str(looked)})
    try:
        until(looked.exists, (home / "process-logs" / "daemon.log").read_text)
        assert looked.read_text() == "run-worker"
        assert all(isinstance(child, Forked) for child in dagster.children)
        assert dagster.mend() is None
        assert dagster.warm is not None
        parents = {member.pid: member.parent for member in dagster.family.alive()}
        assert {parents[child.pid] for child in dagster.children} == {dagster.warm.process.pid}
    finally:
        dagster.stop(SECONDS, print)
    assert family_of(home).alive() == []


def test_the_service_starts_anew_when_other_certificates_are_trusted(project: Path, home: Path) -> None:
    """They are read once, before the workers are forked."""
    ours = project / "ca.pem"
    shutil.copyfile(trusted_file({}), ours)
    looked = home / "looked"
    dagster = start_dagster(project, home, free_port(0), {"GITHUB_FILE": str(looked), "SSL_CERT_FILE": str(ours)})
    log = home / "process-logs" / "warm.log"
    try:
        until(looked.exists, log.read_text)
        ours.touch()
        until(lambda: "changed" in log.read_text(), log.read_text)
    finally:
        dagster.stop(SECONDS, print)


def test_a_warm_server_that_has_ended_is_started_again_after_a_while() -> None:
    def launch() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])

    said: list[str] = []
    ended = launch()
    ended.wait()
    warm = WarmProcess(launch, ended, since=float("inf"))
    warm.mend(said.append)
    assert (warm.process, said) == (ended, [])

    warm.since = -AGAIN_SECONDS
    warm.mend(said.append)
    assert warm.process is not ended
    assert said == ["the warm server ended with 3: starting it again; runs start cold until it answers"]
    warm.process.wait()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MODULE.format("{module_name: a.b, location_name: c}"), Location("c", "a.b")),
        (MODULE.format("{module_name: a.b}"), Location("a.b", "a.b")),
        (MODULE.format("{module_name: a.b, working_directory: .}"), Location("a.b", "a.b")),
        (MODULE.format("{module_name: a.b, working_directory: elsewhere}"), None),
        (MODULE.format("a.b"), None),
        ("load_from: [{python_file: a.py}]", None),
        ("load_from: [{python_module: {module_name: a}}, {python_module: {module_name: b}}]", None),
        ("load_from: []", None),
        ("[]", None),
        ("", None),
    ],
)
def test_only_a_workspace_of_one_module_is_served_warm(tmp_path: Path, text: str, expected: Location | None) -> None:
    (tmp_path / "workspace.yaml").write_text(text)
    assert only_location(tmp_path / "workspace.yaml") == expected


def test_a_home_with_a_path_too_long_for_grpc_is_not(tmp_path: Path) -> None:
    (tmp_path / "workspace.yaml").write_text(MODULE.format("{module_name: a}"))
    assert served_location(tmp_path, Path("/short")) == Location("a", "a")
    assert served_location(tmp_path, tmp_path / ("long" * 30)) is None
