"""What the tests of boxes share: an isolation over this machine's engine, and a small checkout."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from deploy_pipeline.core.isolation import BoxSetup, Limits, Outcome
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_isolation import DockerIsolation, IsolationSettings
from deploy_pipeline.gateways.isolation import Box

BASE_IMAGE = "python:3.11-slim-bookworm"
SMALL = Limits(memory_mb=256, cpus=1.0, processes=64, scratch_mb=32, output_mb=1)


def isolation(work: Path, **settings: object) -> DockerIsolation:
    given = {"host": None, "base_image": BASE_IMAGE, "build_network": "host", "work": work, **settings}
    return DockerIsolation(IsolationSettings(**given), SystemClock())  # type: ignore[arg-type]  # a test's shorthand


def checkout(folder: Path) -> Path:
    """A checkout that everybody can read, below folders that pytest keeps to its user."""
    tree = folder / "checkout"
    tree.mkdir(mode=0o755)
    (tree / "app.py").write_text("x = 1\n")
    return tree


@contextmanager
def opened(work: Path, tree: Path, limits: Limits = SMALL) -> Iterator[Box]:
    """A box with nothing but the checkout."""
    with isolation(work).box(BoxSetup("hostile", str(tree), limits=limits)) as box:
        yield box


def python(box: Box, code: str, timeout: float = 30.0) -> Outcome:
    """Run Python code in a box."""
    return box.run(("python3", "-c", textwrap.dedent(code)), timeout=timeout)


def left_in_the_engine() -> list[str]:
    """The names of the boxes that are there."""
    client = docker.APIClient(version="auto")
    try:
        containers = client.containers(all=True, filters={"label": "deploy-pipeline.box"})
        return [found["Labels"]["deploy-pipeline.box"] for found in containers]
    finally:
        client.close()
