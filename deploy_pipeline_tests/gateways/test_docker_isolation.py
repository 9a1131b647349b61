"""Boxes, tools and environments over the engine of this machine."""

import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from deploy_pipeline.core.checks.requirements import Uninstallable
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup
from deploy_pipeline.gateways.docker_isolation import DockerIsolation
from deploy_pipeline_tests.gateways.box_case import SMALL, checkout, isolation, left_in_the_engine, python
from deploy_pipeline_tests.gateways.package_index import package_index, wheel
from deploy_pipeline_tests.gateways.test_egress_proxy import Echo

pytestmark = pytest.mark.real
TOOLS = {"isort": "isort==9.0.2"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return checkout(tmp_path)


@pytest.fixture
def name(tmp_path: Path) -> str:
    return f"test-{os.getpid()}-{tmp_path.name}"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> str:
    return isolation(tmp_path_factory.mktemp("work")).prepare_tools(TOOLS, print)


def boxes_left(name: str) -> int:
    return left_in_the_engine().count(name)


def test_a_box_gives_what_a_program_says(tmp_path: Path, tree: Path, name: str) -> None:
    lines: list[str] = []
    code = "import os, sys\nprint(os.environ['A'], os.getcwd())\nprint('e', file=sys.stderr)\nsys.exit(3)"
    with isolation(tmp_path / "work").box(BoxSetup(name, str(tree), limits=SMALL)) as box:
        argv = ("python3", "-c", code)
        outcome = box.run(argv, timeout=20, cwd="/tmp", environment={"A": "$x\n;"}, on_line=lines.append)
        again = box.run(("sh", "-c", "pwd; ls; echo $A; ls -d $HOME $TMPDIR"), timeout=20)
    assert (outcome.ending, outcome.returncode, outcome.stdout, outcome.stderr, outcome.truncated) == (
        "finished", 3, "$x\n; /tmp\n", "e\n", False,
    )  # fmt: skip
    assert sorted(lines) == ["$x", "; /tmp", "e"]
    assert again.stdout.split() == ["/checkout", "app.py", "/scratch/home", "/scratch/tmp"]


def test_a_box_has_the_folders_and_programs_that_it_was_given(tmp_path: Path, tree: Path, name: str) -> None:
    base, providers, program = tmp_path / "base", tmp_path / "providers", tmp_path / "terraform"
    for folder in (base, providers):
        folder.mkdir()
        (folder / folder.name).touch()
    program.write_text("#!/bin/sh\necho ran $1\n")
    program.chmod(0o755)
    setup = BoxSetup(
        name, str(tree), base=str(base), providers=str(providers), programs={"terraform": str(program)}, limits=SMALL
    )
    with isolation(tmp_path / "work").box(setup) as box:
        listed = box.run(("ls", box.places.base, box.places.providers), timeout=20)
        ran = box.run((box.places.program("terraform"), "x"), timeout=20)
        by_name = box.run(("terraform", "y"), timeout=20)
    assert listed.stdout.split() == ["/base:", "base", "/providers:", "providers"]
    assert (ran.stdout, by_name.stdout) == ("ran x\n", "ran y\n")


def test_a_program_that_is_not_there_does_not_pass(tmp_path: Path, tree: Path, name: str) -> None:
    with isolation(tmp_path / "work").box(BoxSetup(name, str(tree), limits=SMALL)) as box:
        outcome = box.run(("no-such-program",), timeout=20)
    assert (outcome.ending, outcome.returncode in {126, 127}) == ("finished", True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_a_box_is_removed_whatever_happens(tmp_path: Path, tree: Path, name: str, error: type[BaseException]) -> None:
    setup = BoxSetup(name, str(tree), redirects={"x.internal:1": "127.0.0.1:1"}, limits=SMALL)
    with pytest.raises(error), isolation(tmp_path / "work").box(setup):
        assert boxes_left(name) == 1
        raise error
    assert boxes_left(name) == 0


def test_what_a_killed_pipeline_leaves_is_removed(tmp_path: Path, tree: Path, name: str) -> None:
    code = f"""
import sys, time
from pathlib import Path
from deploy_pipeline_tests.gateways.box_case import isolation, SMALL
from deploy_pipeline.core.isolation import BoxSetup
with isolation(Path({str(tmp_path / "work")!r})).box(
    BoxSetup({name!r}, {str(tree)!r}, redirects={{"x.internal:1": "127.0.0.1:1"}}, limits=SMALL)
):
    print("open", flush=True)
    time.sleep(600)
"""
    killed = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"open\n"
    other, same = isolation(tmp_path / "other"), isolation(tmp_path / "work")
    assert (same.remove_leftovers(), boxes_left(name)) == (0, 1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    assert (other.remove_leftovers(), boxes_left(name)) == (0, 1)
    assert (same.remove_leftovers(), boxes_left(name)) == (1, 0)
    assert same.remove_leftovers() == 0


def test_a_box_with_a_redirect_reaches_that_and_nothing_else(tmp_path: Path, tree: Path, name: str) -> None:
    code = """
        import socket, urllib.request
        for url in ("http://aws.internal:4566/x", "http://other.internal:4566/"):
            try:
                print(urllib.request.urlopen(urllib.request.Request(url, data=b"hi"), timeout=5).read().decode())
            except OSError as error:
                print(error)
        for address in ("1.1.1.1", "169.254.169.254"):
            try:
                socket.create_connection((address, 80), 2)
                print("reached")
            except OSError:
                print("no")
        try:
            socket.getaddrinfo("pypi.org", 443)
        except OSError:
            print("no name")
    """
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        redirects = {"aws.internal:4566": f"127.0.0.1:{server.server_address[1]}"}
        with isolation(tmp_path / "work").box(BoxSetup(name, str(tree), redirects=redirects, limits=SMALL)) as box:
            outcome = python(box, code)
        server.shutdown()
    reached, *others = outcome.stdout.splitlines()
    assert (reached[:21], reached[-3:]) == ("/x|aws.internal:4566|", "|hi")
    assert others == ["HTTP Error 403: Forbidden", "no", "no", "no name"]
    assert outcome.stderr.strip() == "The network of this check does not reach other.internal:4566"


def test_a_box_with_hosts_reaches_no_service_of_this_machine(tmp_path: Path, tree: Path, name: str) -> None:
    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code = f"""
            import socket
            print([name for _, name in socket.if_nameindex()])
            for address in {addresses_of_this_machine()}:
                try:
                    socket.create_connection((address, {server.server_address[1]}), 2)
                    print("reached", address)
                except OSError:
                    pass
        """
        with isolation(tmp_path / "work").box(BoxSetup(name, str(tree), hosts=("*.amazonaws.com:443",))) as box:
            outcome = python(box, code)
        server.shutdown()
    assert outcome.stdout.splitlines() == ["['lo']"]


def addresses_of_this_machine() -> list[str]:
    return subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()


def test_a_checkout_that_others_cannot_read_is_refused(tmp_path: Path, tree: Path, name: str) -> None:
    tree.chmod(0o700)
    with pytest.raises(DeployError, match="cannot read"), isolation(tmp_path).box(BoxSetup(name, str(tree))):
        pass
    with pytest.raises(DeployError, match="does not exist"), isolation(tmp_path).box(BoxSetup(name, str(tree / "no"))):
        pass


def test_no_engine_is_an_error_for_operators(tmp_path: Path, tree: Path) -> None:
    here = isolation(tmp_path, host="unix:///nonexistent.sock")
    with pytest.raises(DeployError, match="no Docker engine answers"), here.box(BoxSetup("x", str(tree))):
        pass


def test_tools_are_there_and_built_once(tmp_path: Path, tree: Path, name: str, tools: str) -> None:
    lines: list[str] = []
    here = isolation(tmp_path / "work")
    assert (here.prepare_tools(TOOLS, lines.append), lines) == (tools, [])
    with here.box(BoxSetup(name, str(tree), tools=tools, limits=SMALL)) as box:
        assert "9.0.2" in box.run((box.places.program("isort"), "--version"), timeout=60).stdout


def test_a_tool_that_does_not_exist_is_an_error_for_operators(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="No solution found") as caught:
        isolation(tmp_path).prepare_tools({"isort": "isort==0.0.999"}, lambda line: None)
    assert not caught.value.retryable


WHEELS = dict(
    [
        wheel("tiny", "1.0", {"tiny.py": "VALUE = 1\n", "tiny.pth": "import sys; sys.ran_pth = True\n"}),
        wheel("tiny", "2.0", {"tiny.py": "VALUE = 2\n"}),
    ]
)
SDIST = {"tiny_source-1.0.tar.gz": b"never opened"}


@contextmanager
def indexed(work: Path) -> Iterator[DockerIsolation]:
    with package_index({**WHEELS, **SDIST}) as port:
        yield isolation(
            work,
            index_hosts=(),
            index_redirects={"index.internal:80": f"127.0.0.1:{port}"},
            environment={"PIP_INDEX_URL": "http://index.internal/simple/"},
        )


@contextmanager
def removed(*volumes: str) -> Iterator[None]:
    try:
        yield
    finally:
        client = docker.APIClient(version="auto")
        for volume in volumes:
            client.remove_volume(volume)
        client.close()


def test_an_environment_is_installed_once_and_read_only(tmp_path: Path, tree: Path, name: str, tools: str) -> None:
    lines: list[str] = []
    files = {"requirements.txt": "-c limits.txt\ntiny\n", "limits.txt": "tiny<2\n"}
    with indexed(tmp_path / "work") as here:
        made = here.prepare_environment(tools, (), files, lines.append)
        with removed(made):
            lines.clear()
            assert (here.prepare_environment(tools, (), files, lines.append), lines) == (made, [])
            code = "import sys, tiny; print(tiny.VALUE, sys.prefix, sys.ran_pth)\nopen('/environment/x', 'w')"
            with here.box(BoxSetup(name, str(tree), tools=tools, environment=made, limits=SMALL)) as box:
                outcome = box.run((box.places.python, "-c", code), timeout=20)
                compiled = box.run(("sh", "-c", "ls /environment/lib/python3*/site-packages/__pycache__"), timeout=20)
    assert outcome.stdout.split()[:3] == ["1", "/environment", "True"]
    assert "Read-only file system" in outcome.stderr
    assert "tiny.cpython" in compiled.stdout


@pytest.mark.parametrize(
    ("requirement", "what"),
    [
        ("tiny==9", "no version of tiny==9"),
        ("no-such-tunnel", "not found in the package registry"),
        ("tiny-source==1.0", "no usable wheels"),
        (f"tiny==1.0 --hash=sha256:{'0' * 64}", "Hash mismatch"),
        ("-e .", "option that is not allowed"),
    ],
)
def test_what_cannot_be_installed_leaves_no_environment(
    tmp_path: Path, tools: str, requirement: str, what: str
) -> None:
    client = docker.APIClient(version="auto")
    before = {volume["Name"] for volume in client.volumes()["Volumes"] or []}
    with indexed(tmp_path / "work") as here, pytest.raises(Uninstallable, match=what):
        here.prepare_environment(tools, (), {"requirements.txt": requirement}, lambda line: None)
    after = {volume["Name"] for volume in client.volumes()["Volumes"] or []}
    client.close()
    assert after - before == set()


def test_an_index_that_does_not_answer_may_be_asked_again(tmp_path: Path, tools: str) -> None:
    with indexed(tmp_path / "work") as here:
        pass
    with pytest.raises(DeployError, match="did not answer") as caught:
        here.prepare_environment(tools, (), {"requirements.txt": "tiny"}, lambda line: None)
    assert caught.value.retryable


def test_once_closed_no_box_begins_and_what_runs_has_died(tmp_path: Path, tree: Path, name: str) -> None:
    boxes, setup = isolation(tmp_path / "work"), BoxSetup(name, str(tree), limits=SMALL)
    with boxes.box(setup) as box:
        outcome = box.run(("sh", "-c", "echo a; sleep 600"), timeout=600, on_line=lambda line: boxes.close())
        assert (outcome.ending, outcome.returncode, outcome.stdout) == ("died", None, "a\n")
        assert boxes_left(name) == 0
    with pytest.raises(DeployError, match="no box begins any more"), boxes.box(setup):
        pass


def test_closing_leaves_the_boxes_of_others_alone(tmp_path: Path, tree: Path, name: str) -> None:
    with isolation(tmp_path / "work").box(BoxSetup(name, str(tree), limits=SMALL)) as box:
        isolation(tmp_path / "work").close()
        assert box.run(("true",), timeout=20).returncode == 0
