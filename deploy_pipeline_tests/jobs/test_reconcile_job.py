"""Settling what a run has left behind, over fakes."""

from pathlib import Path

import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.ledger.head import taken
from deploy_pipeline.jobs.reconcile import reconcile_job
from deploy_pipeline_tests.jobs.deploy_world import World, failed_steps
from deploy_pipeline_tests.jobs.test_deploy_reuse import outputs_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A run has the environment, and gives signs of life."""
    made = World(tmp_path)
    made.ledger.change_head(lambda seen: taken(seen.head, "left", "run"))
    return made


def test_one_that_the_sensor_took_for_dead_and_that_lives_goes_on(world: World) -> None:
    """The ledger was away for a while: nobody has to hear of that."""
    result = world.run(reconcile_job, tags={run_tags.RECONCILES: "left"})
    assert result.success
    assert "it lives after all: left (run run) is changing it" in outputs_of(result)["reconcile"]["settled"]
    assert world.ledger.head().head.lease is not None


def test_a_person_who_wants_it_hears_that_it_lives(world: World) -> None:
    assert "left (run run) is changing it" in failed_steps(world.run(reconcile_job))["reconcile"]


def test_where_nobody_has_it_nothing_is_to_be_settled(tmp_path: Path) -> None:
    result = World(tmp_path).run(reconcile_job)
    assert outputs_of(result)["reconcile"]["settled"] == "nothing was left behind"
