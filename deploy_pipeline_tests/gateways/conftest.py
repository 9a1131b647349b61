"""Where the AWS gateways are tested: a MiniStack of this test session, on a port of its own."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.sandbox.toolbox import cache_folder, toolbox_tools
from deploy_pipeline_tests.fakes.fake_clock import FakeClock

TEST_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
START_SECONDS = 60


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that no account knows, and nothing of the developer's own: for each test, for some change them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in TEST_CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def stubbed_aws(aws_credentials: None) -> AwsSettings:
    """Settings for clients that a Stubber answers: nothing listens at the address."""
    return AwsSettings("us-east-1", "http://127.0.0.1:1")


@pytest.fixture(scope="session")
def ministack_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulated AWS that is gone after the session."""
    program = cache_folder(os.environ) / toolbox_tools().folder_name / "bin" / "ministack"
    if not program.exists():
        pytest.fail("MiniStack is missing: run `make test`, or once `deploy-pipeline sandbox prepare`")
    port = _free_port()
    with _running(str(program), port, tmp_path_factory.mktemp("ministack")):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def aws(aws_credentials: None, ministack_endpoint: str) -> AwsSettings:
    """Settings for the emulated AWS."""
    return AwsSettings("us-east-1", ministack_endpoint)


@contextmanager
def _running(program: str, port: int, folder: Path) -> Iterator[None]:
    environment = _environment(port)
    with (folder / "log").open("wb") as log:
        ministack = subprocess.Popen([program], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_ministack/health", folder / "log")
        yield
    finally:
        ministack.terminate()
        ministack.wait(START_SECONDS)


def _environment(port: int) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_ACCOUNT_ID": "123456789012"}
    return {**kept, **TEST_CREDENTIALS, **own}


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # another program starts: no fake clock can hurry it
        else:
            return
    raise TimeoutError(f"MiniStack did not start: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
