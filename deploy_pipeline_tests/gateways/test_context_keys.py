"""The key of an image against what the engine is sent, and (real) against the image that the engine makes of it."""

import os
import tarfile
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.utils.build import tar
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy_pipeline.core import dockerignore
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.image_key import BuildInputs, image_key, scan_key
from deploy_pipeline.core.spec import ImageSpec
from deploy_pipeline.gateways.build_context import sent_tree
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_engine import DockerSettings, LocalDockerEngine
from deploy_pipeline.gateways.tree_entries import entry_of
from deploy_pipeline_tests.gateways.context_trees import DOCKERFILE, Context, changed, contexts

IMAGE = ImageSpec(repository="ml/app", context="app", build_args={"A": "1"})
BASES = {"python:3.11": "sha256:" + "1" * 64}
PAIRS = contexts().flatmap(lambda context: st.tuples(st.just(context), changed(context)))
SLOW = (HealthCheck.too_slow,)


def key_in(folder: Path, image: ImageSpec = IMAGE, **inputs: Any) -> ContentKey:
    entry = entry_of(folder, image.dockerfile)
    assert entry is not None
    made = BuildInputs(sent_tree(folder, image.dockerfile), entry, BASES, "classic 20 linux/amd64")
    return image_key(image, replace(made, **inputs))


def sent(folder: Path) -> list[Any]:
    """What Docker's SDK puts into the archive, without times and owners."""
    file = folder / ".dockerignore"
    patterns = dockerignore.patterns(file.read_text()) if file.is_file() else None
    packed = tar(folder, exclude=patterns, dockerfile=("Dockerfile", None))
    with tarfile.open(fileobj=packed) as archive:
        return [
            (each.name, each.mode if not each.issym() else 0, each.type, each.linkname,
             opened.read() if (opened := archive.extractfile(each) if each.isreg() else None) else b"")
            for each in archive
        ]  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(PAIRS)
def test_keys_are_equal_when_and_only_when_the_engine_is_sent_the_same(pair: tuple[Context, Context]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, other = (each.write(Path(folder, str(number))) for number, each in enumerate(pair))
        assert (key_in(one) == key_in(other)) is (sent(one) == sent(other))


APP = Context(
    files={"main.py": (b"1", 0o644), "lib/part.py": (b"2", 0o644), "notes.md": (b"3", 0o644)},
    links={"link": "main.py"},
    ignore=("*.md", "!kept.md"),
)


@pytest.mark.parametrize(
    "context",
    [
        replace(APP, files=APP.files | {"main.py": (b"2", 0o644)}),
        replace(APP, files=APP.files | {"main.py": (b"1", 0o755)}),
        replace(APP, files=APP.files | {"new.py": (b"", 0o644)}),
        replace(APP, files=APP.files | {"kept.md": (b"", 0o644)}),
        replace(APP, files={("also.py" if name == "main.py" else name): each for name, each in APP.files.items()}),
        replace(APP, files={name: each for name, each in APP.files.items() if name != "main.py"}),
        replace(APP, links={"link": "./main.py"}),
        replace(APP, links={"link": "lib"}),
        replace(APP, links={}),
        replace(APP, files=APP.files | {"link": (b"1", 0o644)}, links={}),
        replace(APP, ignore=("*.md", "!notes.md")),
        replace(APP, ignore=None),
        replace(APP, ignore=("*.md", "lib")),
        replace(APP, dockerfile=DOCKERFILE + b"\n"),
        replace(APP, ignore=("*", "Dockerfile")),
    ],
)
def test_what_matters_in_a_context_changes_the_key(tmp_path: Path, context: Context) -> None:
    assert key_in(context.write(tmp_path / "changed")) != key_in(APP.write(tmp_path / "app"))


def test_an_ignored_dockerfile_matters(tmp_path: Path) -> None:
    ignoring = replace(APP, ignore=("*",))
    changed = replace(ignoring, dockerfile=DOCKERFILE + b"LABEL a=b\n")
    assert key_in(ignoring.write(tmp_path / "a")) != key_in(changed.write(tmp_path / "b"))


def touched(folder: Path) -> None:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.touch()


def other_notes(folder: Path) -> None:
    (folder / "notes.md").write_text("other")
    (folder / "lib").joinpath("x.md").unlink(missing_ok=True)


def notes_beside(folder: Path) -> None:
    (folder.parent / "README.md").write_text("other")


@pytest.mark.parametrize("change", [touched, other_notes, notes_beside])
def test_what_does_not_matter_leaves_the_key(tmp_path: Path, change: Callable[[Path], None]) -> None:
    folder = APP.write(tmp_path / "app")
    before = key_in(folder)
    change(folder)
    assert key_in(folder) == before


@pytest.mark.parametrize(
    ("image", "inputs"),
    [
        (IMAGE.model_copy(update={"build_args": {"A": "2"}}), {}),
        (IMAGE.model_copy(update={"build_args": {"B": "1"}}), {}),
        (IMAGE.model_copy(update={"build_args": {}}), {}),
        (IMAGE.model_copy(update={"repository": "ml/other"}), {}),
        (IMAGE, {"bases": {"python:3.11": "sha256:" + "2" * 64}}),
        (IMAGE, {"bases": {"python:3.12": "sha256:" + "1" * 64}}),
        (IMAGE, {"builder": "classic 20 linux/arm64"}),
    ],
)
def test_what_matters_beside_a_context_changes_the_key(
    tmp_path: Path, image: ImageSpec, inputs: dict[str, Any]
) -> None:
    folder = APP.write(tmp_path / "app")
    assert key_in(folder, image, **inputs) != key_in(folder)


@pytest.mark.parametrize(
    ("inputs", "doubt"),
    [({"bases": {"python:3.11": ""}}, "does not have python:3.11"), ({"doubt": "it adds a URL"}, "it adds a URL")],
)
def test_an_image_with_unknown_inputs_has_no_key(tmp_path: Path, inputs: dict[str, Any], doubt: str) -> None:
    found = key_in(APP.write(tmp_path / "app"), **inputs)
    assert found.value == ""
    assert doubt in found.doubt


def test_a_context_with_a_pipe_has_no_key(tmp_path: Path) -> None:
    folder = APP.write(tmp_path / "app")
    os.mkfifo(folder / "pipe")
    assert "pipe is no file" in key_in(folder).doubt


def test_a_report_is_of_one_image_one_scanner_and_one_day() -> None:
    keys = [
        scan_key("sha256:1", "trivy 1", date(2026, 11, 1)), scan_key("sha256:2", "trivy 1", date(2026, 11, 1)),
        scan_key("sha256:1", "trivy 2", date(2026, 11, 1)), scan_key("sha256:1", "trivy 1", date(2026, 11, 2)),
    ]  # fmt: skip
    assert len({key.value for key in keys}) == 4


@pytest.mark.real
@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(PAIRS)
def test_keys_agree_with_the_images_that_the_engine_makes(pair: tuple[Context, Context]) -> None:
    """Equal keys: equal layers. Other layers: other keys."""
    with tempfile.TemporaryDirectory() as folder:
        built = [in_engine(each.write(Path(folder, str(number)))) for number, each in enumerate(pair)]
    (key, layers), (other, other_layers) = built
    assert key.value
    if key == other:
        assert layers == other_layers
    if layers != other_layers:
        assert key != other


def in_engine(folder: Path) -> tuple[ContentKey, list[str]]:
    """The key by the gateway, and the layers of an image that is made without the engine's cache."""
    engine, tag = LocalDockerEngine(DockerSettings(), SystemClock()), f"deploy-pipeline-test:{uuid.uuid4().hex}"
    found = image_key(IMAGE, engine.inputs(context=folder, dockerfile="Dockerfile", build_args={}))
    client = docker.from_env()
    try:
        image, _ = client.images.build(path=str(folder), tag=tag, nocache=True, rm=True, forcerm=True)
        return found, list(image.attrs["RootFS"].get("Layers") or [])
    finally:
        engine.remove(tag)
        client.close()
