"""What `deploy-pipeline time` says of runs in an instance's folder."""

import json
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from deploy_pipeline.cli.time_commands import time
from deploy_pipeline.core.errors import DeployError


@dg.op
def build() -> None: ...


@dg.job
def a_job() -> None:
    build()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An instance without runs."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return tmp_path


def run_in(home: Path) -> str:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return a_job.execute_in_process(instance=instance).run_id


def said(home: Path, *arguments: str) -> str:
    return CliRunner().invoke(time, [*arguments, "--home", str(home)], catch_exceptions=False).output


def test_without_an_id_it_is_the_newest_run(home: Path) -> None:
    run_in(home)
    newest = run_in(home)
    shown = said(home)
    assert newest in shown
    assert "worked" in shown
    assert "build" in shown


def test_json_holds_the_whole_account(home: Path) -> None:
    first = run_in(home)
    run_in(home)
    found = json.loads(said(home, first, "--json"))
    assert (found["run"], found["job"], found["status"]) == (first, "a_job", "SUCCESS")
    assert found["critical path"] == ["build"]
    assert sum(found["spent"].values()) == pytest.approx(found["seconds"]["wall"], abs=0.1)


@pytest.mark.parametrize("arguments", [(), ("no-such-run",)])
def test_a_run_that_is_not_there_is_an_error_that_teaches(home: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(DeployError, match=r"no run has ended yet|no such run"):
        said(home, *arguments)


def test_a_folder_without_an_instance_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="--home"):
        said(tmp_path)
    assert list(tmp_path.iterdir()) == []
