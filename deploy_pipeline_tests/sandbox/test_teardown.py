"""What `down` removes of validations: boxes whose pipeline is dead, in the real engine."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from deploy_pipeline.core.box_container import OWNER_LABEL
from deploy_pipeline.gateways.box_owner import BoxOwner
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.layout import Layout

pytestmark = pytest.mark.real

IMAGE = "python:3.11-slim-bookworm"


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    """The engine; no container that a test made is left in it."""
    engine = docker.from_env()
    yield engine
    for container in engine.containers.list(all=True, filters={"label": f"{OWNER_LABEL}.test"}):
        container.remove(force=True)
    engine.close()


def box_of(client: docker.DockerClient, label: str) -> Container:
    """A container that was made and not started."""
    return client.containers.create(IMAGE, labels={OWNER_LABEL: label, f"{OWNER_LABEL}.test": "1"})


def left(client: docker.DockerClient) -> set[str | None]:
    found = client.containers.list(all=True, filters={"label": f"{OWNER_LABEL}.test"})
    return {container.id for container in found}


def test_down_removes_boxes_of_dead_pipelines_only(client: docker.DockerClient, tmp_path: Path) -> None:
    owners, elsewhere = Layout(tmp_path).box_owners, tmp_path / "another"
    living, dead, foreign = (BoxOwner(folder, SystemClock()) for folder in (owners, owners, elsewhere))
    kept = {box_of(client, living.label).id, box_of(client, foreign.label).id}
    box_of(client, dead.label)
    dead.close()
    foreign.close()
    said = list[str]()

    sandbox.down(tmp_path, said.append)
    living.close()

    assert left(client) == kept
    assert said == ["Removed 1 containers and networks of validations that were cut short"]


def test_down_looks_for_no_boxes_where_nothing_was_validated(client: docker.DockerClient, tmp_path: Path) -> None:
    said = list[str]()

    sandbox.down(tmp_path, said.append)

    assert said == []
