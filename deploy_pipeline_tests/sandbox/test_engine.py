"""The Docker engine: found, refused or started. The shared engine of this machine is only asked whether it answers."""

import sys
from pathlib import Path
from typing import cast

import docker
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.sandbox.base_image import ensure_base_images, stand_ins
from deploy_pipeline.sandbox.containers import remove_own_containers, remove_pushed_images
from deploy_pipeline.sandbox.engine import answers, bridge_address, connect, ensure_engine, start_daemon
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.processes import is_running, stop
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_process import FakeProcess
from deploy_pipeline_tests.sandbox.engine_double import ContainerDouble, EngineDouble, ImageDouble


def client(double: EngineDouble) -> docker.DockerClient:
    return cast(docker.DockerClient, double)


def test_connect_says_what_to_do_when_no_engine_answers(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no Docker engine answers") as raised:
        connect({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})

    assert "install and start Docker Engine" in raised.value.todo


def test_ensure_engine_never_replaces_an_engine_that_was_asked_for(tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    process = FakeProcess()

    with pytest.raises(DeployError, match=r"at DOCKER_HOST=unix://"):
        ensure_engine(lambda _: None, process, FakeClock(), environment, tmp_path / "log", print)

    assert process.calls == []


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.9"}, "172.17.0.9"),
        ({"Subnet": "172.18.0.0/16"}, "172.18.0.1"),
    ],
)
def test_bridge_address(configuration: dict[str, str], expected: str) -> None:
    assert bridge_address(client(EngineDouble(bridge=configuration))) == expected


def test_remove_own_containers_leaves_those_of_others() -> None:
    layout = Layout(Path("/home/me/.sandbox"))
    own = ContainerDouble({"ministack.instance": f"{layout.host_name}:20000"})
    others = [ContainerDouble({"ministack.instance": "vm:4566"}), ContainerDouble({})]

    removed = remove_own_containers(client(EngineDouble(container_list=[own, *others])), layout)

    assert removed == 1
    assert own.removed
    assert not any(other.removed for other in others)


def test_remove_pushed_images_takes_only_the_names_in_the_sandboxs_registry() -> None:
    pushed = ImageDouble(["localhost:20000/a:1", "a:1"], {"RepoDigests": ["localhost:20000/a@sha256:1"]})
    other = ImageDouble(["localhost:4566/a:1"])

    removed = remove_pushed_images(client(EngineDouble(image_list=[pushed, other])), {20000})

    assert removed == 2
    assert (pushed.tags, pushed.attrs["RepoDigests"], other.tags) == (["a:1"], [], ["localhost:4566/a:1"])


def test_ensure_base_images_uses_what_is_there(tmp_path: Path) -> None:
    said = list[str]()
    engine = client(EngineDouble(image_list=[ImageDouble(["python:3.11-slim"])]))

    ensure_base_images(["python:3.11-slim"], engine, FakeProcess(), lambda _: None, {}, said.append)

    assert said == []


def test_ensure_base_images_makes_a_labelled_stand_in_and_says_so(tmp_path: Path) -> None:
    double, said = EngineDouble(), list[str]()
    environment = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}

    ensure_base_images(["python:3.11-slim"], client(double), FakeProcess(), Path, environment, said.append)

    (made,) = double.imported
    assert made[:2] == ("python", "3.11-slim")
    assert "LABEL deploy-pipeline.sandbox.stand-in=true" in made[2]
    assert any("stand-in for python:3.11-slim" in line for line in said)


def test_ensure_base_images_refuses_what_it_cannot_stand_in_for(tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}

    with pytest.raises(DeployError, match="cannot be pulled"):
        ensure_base_images(["node:20"], client(EngineDouble()), FakeProcess(), Path, environment, print)


def test_stand_ins_are_the_labelled_images() -> None:
    images = [ImageDouble(["python:3.11-slim"], labelled=True), ImageDouble(["other:1"])]

    assert stand_ins(client(EngineDouble(image_list=images))) == ["python:3.11-slim"]


# A second real engine would take the shared one's network bridge away: this program only answers pings like one.
PING_SERVER = """
import socketserver, sys
from http.server import BaseHTTPRequestHandler

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Api-Version", "1.41")
        self.end_headers()
        self.wfile.write(b'{"ApiVersion": "1.41"}' if "version" in self.path else b"OK")

    def address_string(self):
        return "unix"

socketserver.UnixStreamServer(sys.argv[1], Handler).serve_forever()
"""


def test_start_daemon_returns_once_the_engine_answers(tmp_path_factory: pytest.TempPathFactory) -> None:
    socket = tmp_path_factory.mktemp("d") / "s"  # a socket's path may not be longer than 108 bytes
    environment = {"DOCKER_HOST": f"unix://{socket}", "AWS_SECRET_ACCESS_KEY": "secret"}
    argv = [sys.executable, "-c", PING_SERVER, str(socket)]

    daemon = start_daemon(argv, environment, socket.with_name("log"), SystemClock())

    try:
        assert answers(environment)
        assert "secret" not in Path(f"/proc/{daemon.pid}/environ").read_text()
    finally:
        stop([daemon], SystemClock())
    assert not is_running(daemon)


def test_start_daemon_shows_the_log_of_an_engine_that_does_not_start(tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    argv = [sys.executable, "-c", "raise SystemExit('failed to start daemon: no cgroups')"]

    with pytest.raises(DeployError, match="failed to start daemon: no cgroups"):
        start_daemon(argv, environment, tmp_path / "log", SystemClock())
