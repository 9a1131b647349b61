"""Real deployments that are broken in the middle: a part of what `make chaos` breaks."""

from collections.abc import Iterator

import pytest

from deploy_pipeline_tests.chaos.faults import Fault
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
