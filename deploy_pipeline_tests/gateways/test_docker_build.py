"""Builds over a server that answers like a broken engine."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline_tests.gateways.docker_api import Event, docker_api, stalled
from deploy_pipeline_tests.gateways.docker_case import DIGEST, build, engine, write_context
from deploy_pipeline_tests.gateways.step_case import interrupted


@pytest.fixture
def context(tmp_path: Path) -> Path:
    return write_context(tmp_path / "app")


def test_build_hands_over_lines_and_gives_the_image_id(context: Path) -> None:
    lines: list[str] = []
    events: list[Event] = [
        {"stream": "Step 1/1 : FROM scratch\n"},
        {"stream": " ---> \n\n"},
        {"aux": {"ID": DIGEST}},
        {"stream": "done"},
    ]
    with docker_api((200, events)) as api:
        assert build(engine(api.host), context, on_line=lines.append) == DIGEST
    assert lines == ["Step 1/1 : FROM scratch", " ---> ", "done"]


def test_build_error_names_the_step_and_its_last_lines(context: Path) -> None:
    events: list[Event] = [
        {"stream": "Step 1/2 : FROM base\nof the first step\n"}, {"stream": "Step 2/2 : RUN pip install x\n"},
        *({"stream": f"line {n}\n"} for n in range(100)),
        {"errorDetail": {"code": 1}, "error": "The command '/bin/sh -c pip install x' returned a non-zero code: 1"},
    ]  # fmt: skip
    with docker_api((200, events)) as api, pytest.raises(DeployError) as caught:
        build(engine(api.host), context)
    lines = caught.value.what.splitlines()
    assert (lines[0], lines[1], lines[20]) == ("failed at Step 2/2 : RUN pip install x", "line 80", "line 99")
    assert lines[-1].endswith("non-zero code: 1")
    assert "correct the Dockerfile" in caught.value.todo


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        ("pull access denied for base, repository does not exist", "check the name in FROM"),
        ("manifest for python:9 not found: manifest unknown", "check the name in FROM"),
        ("write /x: no space left on device", "free space"),
        ("the --mount option requires BuildKit", "classic builder"),
    ],
)
def test_build_error_says_what_to_do(context: Path, error: str, todo: str) -> None:
    with (
        docker_api((200, [{"error": error}])) as api,
        pytest.raises(DeployError, match="failed at its start") as caught,
    ):
        build(engine(api.host), context)
    assert todo in caught.value.todo


def test_build_without_an_image_at_its_end_is_an_error(context: Path) -> None:
    with (
        docker_api((200, [{"stream": "Step 1/1 : FROM scratch"}])) as api,
        pytest.raises(DeployError, match="without an image"),
    ):
        build(engine(api.host), context)


def test_build_that_falls_silent_is_stopped(context: Path) -> None:
    over = threading.Event()
    answer = (200, stalled({"stream": "Step 1/1 : RUN sleep\n"}, until=over))
    try:
        with docker_api(answer) as api, pytest.raises(DeployError, match=r"did not end within 0\.3 s and was stopped"):
            build(engine(api.host), context, timeout=0.3)
    finally:
        over.set()


def test_build_passes_a_cancellation_on(context: Path) -> None:
    over = threading.Event()

    def cancel(line: str) -> None:
        raise KeyboardInterrupt

    try:
        with docker_api((200, stalled({"stream": "Step 1/1\n"}, until=over))) as api, pytest.raises(KeyboardInterrupt):
            build(engine(api.host), context, on_line=cancel)
    finally:
        over.set()


def test_build_that_is_silent_can_be_interrupted(context: Path) -> None:
    over = threading.Event()
    try:
        with docker_api((200, stalled({"stream": "Step 1/1\n"}, until=over))) as api:
            target = engine(api.host, SystemClock())
            interrupted(lambda begun: build(target, context, on_line=lambda line: begun.set(), timeout=600))
    finally:
        over.set()


@pytest.mark.parametrize(
    ("dockerfile", "what"),
    [("../Dockerfile", "leaves the build context"), ("link", "leaves"), ("absent", "has no absent")],
)
def test_build_takes_only_a_dockerfile_of_the_context(context: Path, dockerfile: str, what: str) -> None:
    (context.parent / "Dockerfile").write_text("FROM scratch\n")
    (context / "link").symlink_to(context.parent / "Dockerfile")
    with pytest.raises(DeployError, match=what):
        build(engine("tcp://127.0.0.1:1"), context, dockerfile=dockerfile)


def test_build_without_an_engine_says_to_start_it(context: Path, tmp_path: Path) -> None:
    for host in ("tcp://127.0.0.1:1", f"unix://{tmp_path}/absent.sock"):
        with pytest.raises(DeployError, match=f"no Docker engine answers at {host}") as caught:
            build(engine(host), context)
        assert caught.value.todo == "start it, or run `deploy-pipeline doctor`"


def test_build_sends_nothing_of_this_machine(context: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxies = {"proxies": {"default": {"httpProxy": "http://secret-proxy:1"}}}
    (tmp_path / "config.json").write_text(json.dumps(proxies))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with docker_api((200, [{"aux": {"ID": DIGEST}}])) as api:
        build(engine(api.host), context, build_args={"A": "b"})
    assert "secret-proxy" not in api.posts[0][0]
    assert "buildargs=%7B%22A%22%3A+%22b%22%7D" in api.posts[0][0]


def test_version_is_the_engines() -> None:
    with docker_api() as api:
        assert engine(api.host).version() == "20.10.24"


def test_build_whose_engine_dies_is_an_error_that_passes(context: Path) -> None:
    def dying() -> Iterator[Event]:
        yield {"stream": "Step 1/1 : FROM scratch\n"}
        raise ConnectionAbortedError

    with docker_api((200, dying())) as api, pytest.raises(DeployError, match=r"broke|without an image") as caught:
        build(engine(api.host), context)
    assert caught.value.todo


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/hosts", "ignore.txt", ".dockerignore"])
def test_build_follows_no_link_for_what_it_ignores(context: Path, target: str) -> None:
    (context / "ignore.txt").write_text("x\n")
    (context / ".dockerignore").symlink_to(target)
    with pytest.raises(DeployError, match=r"\.dockerignore is a link or no regular file"):
        build(engine("tcp://127.0.0.1:1"), context)


def test_build_refuses_patterns_that_take_too_long(context: Path) -> None:
    (context / ".dockerignore").write_text("**a" * 14 + "b\n")
    with pytest.raises(DeployError, match=r"\.dockerignore has a pattern with more than 4 stars"):
        build(engine("tcp://127.0.0.1:1"), context)


def test_build_of_a_dockerfile_that_is_a_link_to_itself_says_that_there_is_none(context: Path) -> None:
    (context / "circle").symlink_to("circle")
    with pytest.raises(DeployError, match="has no circle"):
        build(engine("tcp://127.0.0.1:1"), context, dockerfile="circle")
