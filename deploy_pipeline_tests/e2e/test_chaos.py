"""Real deployments that are broken in the middle: a part of what `make chaos` breaks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline.cli.dagster_processes import dagster_environment, inherited
from deploy_pipeline_tests.chaos.faults import Fault
from deploy_pipeline_tests.chaos.inspection import functions, leftovers, services
from deploy_pipeline_tests.chaos.scene import Scene
from deploy_pipeline_tests.chaos.selection import FAST
from deploy_pipeline_tests.chaos.staging import scene_in
from deploy_pipeline_tests.chaos.survival import survive

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene_in(tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.fixture(scope="module")
def broken_by() -> list[str]:
    """The fault after which the world was not whole: others prove nothing there, and each would wait for minutes."""
    return []


@pytest.mark.parametrize("fault", FAST, ids=lambda fault: fault.name)
def test_the_world_is_whole_after(scene: Scene, broken_by: list[str], fault: Fault) -> None:
    assert not broken_by, f"not tried: {broken_by[0]!r} was not survived"
    broken_by.append(fault.name)
    assert survive(scene, fault) == []
    broken_by.clear()


def called(scene: Scene, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command line of a person, with a Dagster of its own: the service is not asked."""
    home = scene.home / "by-hand"
    given = {**scene.env, "DEPLOY_PIPELINE_WORK": str(home / "work")}
    env = dagster_environment(scene.project, home, 0, inherited(os.environ), given)
    argv = [str(Path(sys.executable).with_name("deploy-pipeline")), *arguments]
    return subprocess.run(argv, cwd=scene.project, env=env, check=False, capture_output=True, text=True)


def test_a_person_sees_what_serves_and_goes_back_without_the_service(scene: Scene, broken_by: list[str]) -> None:
    assert not broken_by, f"not tried: {broken_by[0]!r} was not survived"
    before = scene.ledger.head().head.live
    assert before is not None
    assert scene.ended(scene.run_of(scene.merge())) == "SUCCESS"
    scene.settled()
    shown = called(scene, "status")
    assert f"a rollback goes to  {before.release}" in shown.stdout, shown.stderr
    done = called(scene, "rollback", "--only", "functions", "--json")
    assert done.returncode == 0, done.stderr
    live = scene.ledger.live()
    assert live is not None
    release = scene.ledger.release(live.release)
    assert release is not None
    assert (release.restores, release.parts) == (before.release, ("functions",))
    assert [*functions(scene, live), *services(scene, live), *leftovers(scene)] == []
