"""The validation in a run worker: its values survive, and a step that is cancelled leaves no box."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import docker
import pytest

from deploy_pipeline.core.box_container import OWNER_LABEL
from deploy_pipeline_tests.jobs import sleeping_run, validation_in_a_worker
from deploy_pipeline_tests.jobs.validation_in_a_worker import validation_in_a_worker as the_job
from deploy_pipeline_tests.jobs.validation_world import HEAD

SECONDS = 120


def test_a_validation_in_a_worker_tells_everything_and_fails_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(validation_in_a_worker.FOLDER, str(tmp_path))
    config = {"ops": {"resolve_pull_request": {"config": {"pull_request": 7, "head": HEAD}}}}
    (tmp_path / "dagster").mkdir()
    with (
        dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance,
        dg.execute_job(dg.reconstructable(the_job), instance=instance, run_config=config) as result,
    ):
        failed = [event.step_key for event in result.all_events if event.is_step_failure]
    assert failed == ["conclude"]
    told = [json.loads(line) for line in (tmp_path / "statuses").read_text().splitlines()]
    states = {each["context"].removeprefix("deploy-pipeline/"): each["state"] for each in told}
    assert states == {
        "validation": "failure", "spec": "success", "black": "failure", "flake8": "success", "mypy": "success",
        "terraform-plan": "success", "image-build": "success", "cost": "success",
    }  # fmt: skip
    assert "## ❌ Validation failed" in (tmp_path / "comment").read_text()
    kept = tmp_path / f"objects/artifacts/validation/{HEAD}/black/black.diff"
    assert kept.read_text().startswith("--- app.py")


def boxes_of(owners: Path) -> list[str]:
    """The containers in the engine that belong to these owners."""
    client = docker.APIClient(version="auto")
    try:
        found = client.containers(all=True, filters={"label": OWNER_LABEL})
        own = (owners / "id").read_text()
        return [str(each["Id"]) for each in found if each["Labels"][OWNER_LABEL].startswith(own)]
    finally:
        client.close()


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_step_that_is_cancelled_removes_its_box(tmp_path: Path, number: signal.Signals) -> None:
    os.mkfifo(tmp_path / "begun")
    command = [sys.executable, "-m", "deploy_pipeline_tests.jobs.sleeping_run"]
    run = subprocess.Popen(
        command, env={**os.environ, sleeping_run.FOLDER: str(tmp_path)}, cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert (tmp_path / "begun").read_text() == "asleep"
    assert len(boxes_of(tmp_path / "isolation/owners")) == 1
    run.send_signal(number)
    run.communicate(timeout=SECONDS)
    assert boxes_of(tmp_path / "isolation/owners") == []
