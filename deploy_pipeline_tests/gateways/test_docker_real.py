"""The Docker gateway over the engine of this machine."""

from pathlib import Path

import docker
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_engine import DockerSettings, LocalDockerEngine
from deploy_pipeline_tests.gateways.docker_case import LOGIN, build, write_context

pytestmark = pytest.mark.real


@pytest.fixture
def context(tmp_path: Path) -> Path:
    return write_context(tmp_path / "app")


def test_build_and_tag_over_the_real_engine(context: Path) -> None:
    (context / ".dockerignore").write_text("*.secret\n")
    (context / "key.secret").write_text("k")
    target = LocalDockerEngine(DockerSettings(), SystemClock())
    client = docker.from_env()
    image_id = build(target, context, tag="deploy-pipeline-test:build", build_args={"WHO": "me"})
    try:
        target.tag(image_id, "localhost:5000/deploy-pipeline-test:tagged")
        image = client.images.get("localhost:5000/deploy-pipeline-test:tagged")
        assert (image.id, image.labels) == (image_id, {"who": "me", "made-by": "test"})
        assert build(target, context, tag="deploy-pipeline-test:build", build_args={"WHO": "me"}) == image_id
        assert target.version()[0].isdigit()
    finally:
        client.images.remove(image_id, force=True)
        client.close()


def test_inputs_name_what_the_engine_has_of_the_bases(context: Path) -> None:
    target, tag = LocalDockerEngine(DockerSettings(network_mode="host"), SystemClock()), "deploy-pipeline-test:base"
    (context / "main.py").chmod(0o644)
    base = build(target, context, tag=tag)
    try:
        (context / "Dockerfile").write_text(f"ARG BASE={tag}\nFROM $BASE\nFROM there-is-no/such:image\n")
        found = target.inputs(context=context, dockerfile="Dockerfile", build_args={})
        assert found.bases == {tag: base, "there-is-no/such:image": ""}
        assert found.doubt == ""
        assert [entry.path for entry in found.context.entries] == ["Dockerfile", "main.py"]
        assert found.builder.startswith("classic ")
        assert found.builder.endswith(" network host")
    finally:
        target.remove(tag)


def test_inputs_of_a_base_with_triggers_are_in_doubt(context: Path) -> None:
    target, tag = LocalDockerEngine(DockerSettings(), SystemClock()), "deploy-pipeline-test:triggers"
    (context / "Dockerfile").write_text("FROM scratch\nONBUILD ADD https://example.com/x /x\nCOPY . /\n")
    build(target, context, tag=tag)
    try:
        (context / "Dockerfile").write_text(f"FROM {tag}\n")
        assert "triggers" in target.inputs(context=context, dockerfile="Dockerfile", build_args={}).doubt
    finally:
        target.remove(tag)


def test_a_build_for_another_commit_uses_the_layers_of_the_one_before(context: Path) -> None:
    target, lines = LocalDockerEngine(DockerSettings(), SystemClock()), list[str]()
    build(target, context, tag="deploy-pipeline-test:first")
    try:
        target.build(
            context=context, dockerfile="Dockerfile", tag="deploy-pipeline-test:second", build_args={},
            labels={"made-by": "another commit"}, on_line=lines.append, timeout=60,
        )  # fmt: skip
        steps = [number for number, line in enumerate(lines) if line.startswith("Step ")]
        copied = next(number for number in steps if "COPY" in lines[number])
        assert "Using cache" in lines[copied + 1]
    finally:
        target.remove("deploy-pipeline-test:first")
        target.remove("deploy-pipeline-test:second")


def test_build_failure_over_the_real_engine_names_the_step(context: Path) -> None:
    (context / "Dockerfile").write_text("FROM scratch\nCOPY absent /\n")
    with pytest.raises(DeployError, match=r"failed at Step 2/\d : COPY absent /"):
        build(LocalDockerEngine(DockerSettings(), SystemClock()), context, tag="deploy-pipeline-test:broken")


def test_push_of_an_unknown_image_is_an_error() -> None:
    with pytest.raises(DeployError, match="does not exist"):
        LocalDockerEngine(DockerSettings(), SystemClock()).push("localhost:5000/deploy-pipeline-test:absent", LOGIN)


def test_remove_over_the_real_engine(context: Path) -> None:
    target = LocalDockerEngine(DockerSettings(), SystemClock())
    client = docker.from_env()
    reference = "deploy-pipeline-test:removed"
    image_id = build(target, context, tag=reference)
    container = client.containers.create(image_id, command="none")
    try:
        with pytest.raises(DeployError, match="container"):
            target.remove(reference)
        container.remove()
        target.remove(reference)
        target.remove(reference)
        assert client.images.list(name="deploy-pipeline-test") == []
    finally:
        client.close()
