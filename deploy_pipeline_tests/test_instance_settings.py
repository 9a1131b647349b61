"""The project's dagster.yaml: what correctness does not rest on, and nevertheless has to be so."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from ruamel.yaml import YAML

from deploy_pipeline.definitions import defs
from deploy_pipeline.jobs.execution import ONE_AT_A_TIME

SETTINGS: dict[str, Any] = YAML(typ="safe").load((Path(__file__).parents[1] / "dagster.yaml").read_text())
CHANGE_PRODUCTION = ("deploy_job", "rollback_job", "nightly_e2e_job")


def test_one_run_at_a_time_changes_production() -> None:
    limits = SETTINGS["run_coordinator"]["config"]["tag_concurrency_limits"]
    (tag,) = ONE_AT_A_TIME
    assert {"key": tag, "limit": 1} in limits
    for name in CHANGE_PRODUCTION:
        job = defs.get_job_def(name)
        assert job.tags.items() >= ONE_AT_A_TIME.items(), name


def test_nothing_is_resumed_or_begun_again_by_dagster() -> None:
    assert SETTINGS["run_monitoring"]["enabled"] is True
    assert SETTINGS["run_monitoring"]["max_resume_run_attempts"] == 0
    assert SETTINGS["run_retries"] == {"enabled": False}


@pytest.mark.parametrize("job", defs.get_repository_def().get_all_jobs(), ids=lambda job: job.name)
def test_no_run_holds_its_place_for_ever(job: dg.JobDefinition) -> None:
    if not job.name.startswith("__"):
        assert int(job.tags["dagster/max_runtime"]) > 0


def test_every_sensor_has_a_thread_and_one_is_to_spare() -> None:
    assert SETTINGS["sensors"]["use_threads"] is True
    assert SETTINGS["sensors"]["num_workers"] > len(list(defs.sensors or ()))
