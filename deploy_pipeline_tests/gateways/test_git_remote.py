"""The git gateway and remotes that refuse or do not answer."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall
from deploy_pipeline_tests.gateways.git_case import ABSENT, local


def test_checkout_retries_a_remote_that_does_not_answer(tmp_path: Path) -> None:
    def unreachable(call: ProcessCall) -> Completed:
        failed = "fetch" in call.argv or "cat-file" in call.argv
        return Completed(call.argv, 128 if failed else 0, "", "fatal: Could not resolve host: github.com")

    clock, process = FakeClock(), FakeProcess(unreachable)
    with pytest.raises(DeployError, match="did not answer") as caught:
        local(tmp_path, process, clock).checkout("https://github.com/acme/app.git", ABSENT, "s3cret")
    assert caught.value.retryable
    assert sum("fetch" in call.argv for call in process.calls) == 4
    assert [1 <= clock.slept[0] <= 2, 2 <= clock.slept[1] <= 3, 4 <= clock.slept[2] <= 5] == [True] * 3
    assert "s3cret" not in " ".join(word for call in process.calls for word in call.argv)


def test_checkout_does_not_retry_a_refusal(tmp_path: Path) -> None:
    process = FakeProcess(
        lambda call: Completed(call.argv, "init" not in call.argv, "", "fatal: Authentication failed")
    )
    with pytest.raises(DeployError, match="the remote refused"):
        local(tmp_path, process, FakeClock()).checkout("https://github.com/acme/app.git", ABSENT, "t")
    assert sum("fetch" in call.argv for call in process.calls) == 1


class Refusing(BaseHTTPRequestHandler):
    """A git host that knows nobody; `seen` holds each request's path and credential."""

    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def test_checkout_sends_the_token_as_a_header_and_asks_nobody_for_another(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(DeployError, match="the remote refused") as caught:
            local(tmp_path).checkout(f"http://127.0.0.1:{server.server_port}/acme/app.git", ABSENT, "s3cret")
        server.shutdown()
    expected = "Basic " + base64.b64encode(b"x-access-token:s3cret").decode()
    assert Refusing.seen[0] == ("/acme/app.git/info/refs?service=git-upload-pack", expected)
    assert "s3cret" not in str(caught.value)
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and b"s3cret" in p.read_bytes()]
