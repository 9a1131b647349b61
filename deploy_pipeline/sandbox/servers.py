"""The sandbox's three servers: how each is started, with which environment, and how it is asked whether it works."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.process import minimal_environment
from deploy_pipeline.sandbox import emulated_aws
from deploy_pipeline.sandbox.advisory_service import ADVISORY_PATH
from deploy_pipeline.sandbox.layout import MARKER, Layout
from deploy_pipeline.sandbox.ports import LOOPBACK
from deploy_pipeline.sandbox.processes import ProcessRecord, is_running, start_detached, stop
from deploy_pipeline.sandbox.readiness import wait_until_ready

GITHUB_TOKEN = "sandbox-token"  # noqa: S105 - good for nothing outside the sandbox
SLACK_TOKEN = "xoxb-sandbox"  # noqa: S105 - the same
READY_SECONDS = 60
ASK_SECONDS = 5
DOCKER_VARIABLES = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
# MiniStack opens these ports for everyone on the network unless it is told not to.
UNUSED_LISTENERS = {"SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}


@dataclass(frozen=True)
class Servers:
    """Starts and asks the servers of one sandbox. `environment` is this process's own; no credential of it goes on."""

    layout: Layout
    environment: Mapping[str, str]
    clock: Clock

    def start_ministack(self, toolbox: Path, port: int) -> ProcessRecord:
        """Start MiniStack on loopback and wait until it answers as AWS does."""
        for folder in ("tmp", "state", "s3", "home"):
            (self.layout.ministack / folder).mkdir(parents=True, exist_ok=True)
        argv = [str(toolbox / "bin" / "python"), str(toolbox / "bin" / "ministack")]
        record = start_detached(argv, self.ministack_environment(port), self.layout.log("ministack"))
        self._wait("ministack", record, lambda: emulated_aws.answers(port))
        return record

    def ministack_environment(self, port: int) -> dict[str, str]:
        """All that MiniStack sees, and the Lambda functions that it runs: nothing of this machine's user."""
        own = self.layout.ministack
        docker = {name: self.environment[name] for name in DOCKER_VARIABLES if name in self.environment}
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(own / "home"),
            "TMPDIR": str(own / "tmp"),
            "STATE_DIR": str(own / "state"),
            "S3_DATA_DIR": str(own / "s3"),
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "MINISTACK_ACCOUNT_ID": emulated_aws.ACCOUNT,
            "MINISTACK_HOSTNAME": self.layout.host_name,
            "AWS_ACCESS_KEY_ID": emulated_aws.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": emulated_aws.SECRET_KEY,
            "LAMBDA_EXECUTOR": "local",
            MARKER: self.layout.identity,
            **UNUSED_LISTENERS,
            **docker,
        }

    def start_bridge(self, address: str, port: int) -> ProcessRecord:
        """Let containers reach MiniStack at `host.docker.internal`."""
        argv = [sys.executable, "-m", "deploy_pipeline.sandbox.bridge"]
        argv += ["--listen", f"{address}:{port}", "--target", f"{LOOPBACK}:{port}"]
        record = start_detached(argv, self._own_environment(), self.layout.log("bridge"))
        self._wait("bridge", record, lambda: bridge_answers(address, port))
        return record

    def start_doubles(self, port: int) -> ProcessRecord:
        """Start the doubles of GitHub, Slack and OSV on their last repositories and records."""
        argv = [sys.executable, "-m", "deploy_pipeline.sandbox.doubles", "--port", str(port)]
        argv += ["--state", str(self.layout.doubles), "--github-token", GITHUB_TOKEN, "--slack-token", SLACK_TOKEN]
        record = start_detached(argv, self._own_environment(), self.layout.log("doubles"))
        self._wait("doubles", record, lambda: doubles_answer(port))
        return record

    def start_traffic(self, port: int, region: str) -> ProcessRecord:
        """Start sending requests to what is deployed, as `traffic_plan` says."""
        argv = [sys.executable, "-m", "deploy_pipeline.sandbox.traffic", "--plan", str(self.layout.traffic_plan)]
        aws = emulated_aws.aws_environment(port, region)
        return start_detached(argv, {**self._own_environment(), **aws}, self.layout.log("traffic"))

    def _own_environment(self) -> dict[str, str]:
        return {**minimal_environment(self.environment), MARKER: self.layout.identity}

    def _wait(self, name: str, record: ProcessRecord, answers: Callable[[], bool]) -> None:
        lives = partial(is_running, record)
        try:
            wait_until_ready(name, answers, lives, self.layout.log(name), self.clock, seconds=READY_SECONDS)
        except BaseException:
            stop([record], self.clock)
            raise


def github_url(port: int) -> str:
    """The base address of the GitHub double's API."""
    return f"http://{LOOPBACK}:{port}/github/api/v3"


def slack_url(port: int) -> str:
    """The base address of the Slack double's API."""
    return f"http://{LOOPBACK}:{port}/slack/api/"


def advisory_url(port: int) -> str:
    """What the double of OSV is asked at."""
    return f"http://{LOOPBACK}:{port}{ADVISORY_PATH}/v1/query"


def bridge_answers(address: str, port: int) -> bool:
    """Whether MiniStack answers through the bridge."""
    return _answers(f"http://{address}:{port}/_ministack/health")


def doubles_answer(port: int) -> bool:
    """Whether the GitHub double answers an authenticated call."""
    return _answers(f"{github_url(port)}/rate_limit", {"Authorization": f"Bearer {GITHUB_TOKEN}"})


def _answers(url: str, headers: Mapping[str, str] | None = None) -> bool:
    try:
        # Proxies are for the outside world.
        return httpx.get(url, headers=headers, timeout=ASK_SECONDS, trust_env=False).is_success
    except httpx.HTTPError:
        return False
