"""The nightly checks of what is live, over fakes."""

from pathlib import Path

import pytest

from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job
from deploy_pipeline_tests.jobs.deploy_world import World, failed_steps


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_nightly_checks_pass_on_what_is_live(world: World) -> None:
    assert world.deploy().success
    result = world.run(nightly_e2e_job)
    assert result.success, failed_steps(result)
    assert world.slack.posts[-1].text == "✅ Nightly checks successful: production"


def test_nightly_checks_find_what_somebody_changed(world: World) -> None:
    assert world.deploy().success
    world.functions.aliases["ml-data-prep", "live"] = AliasState("1", "r9", {})
    failures = failed_steps(world.run(nightly_e2e_job))
    assert "ml-data-prep:live is at version 1, not 2" in failures["resolve_live"]


def test_nightly_checks_find_that_somebody_has_split_the_traffic(world: World) -> None:
    assert world.deploy().success
    world.functions.aliases["ml-data-prep", "live"] = AliasState("2", "r9", {"1": 0.1})
    failures = failed_steps(world.run(nightly_e2e_job))
    assert "ml-data-prep:live sends a part of its traffic to version 1" in failures["resolve_live"]


def test_nightly_checks_before_the_first_deployment_say_so(world: World) -> None:
    assert "nothing is live yet" in failed_steps(world.run(nightly_e2e_job))["resolve_live"]
