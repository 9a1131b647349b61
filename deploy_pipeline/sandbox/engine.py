"""The Docker engine: used as it is when it answers, else installed (Debian, root) and started."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import docker
from docker.errors import DockerException

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.process import Process, minimal_environment
from deploy_pipeline.sandbox.debian import install_packages, is_debian
from deploy_pipeline.sandbox.processes import ProcessRecord, is_running, start_detached, stop
from deploy_pipeline.sandbox.programs import Find, must_run
from deploy_pipeline.sandbox.progress import Progress
from deploy_pipeline.sandbox.readiness import wait_until_ready

CALL_SECONDS = 60
START_SECONDS = 60
SYSTEMD = Path("/run/systemd/system")
TODO_INSTALL = "install and start Docker Engine (https://docs.docker.com/engine/install/), and let this user use it"


@dataclass(frozen=True)
class Engine:
    """An engine that answers. `daemon` is the process, when it was started here."""

    client: docker.DockerClient
    daemon: ProcessRecord | None = None


def connect(environment: Mapping[str, str]) -> docker.DockerClient:
    """A client of the engine that DOCKER_HOST (or the default socket) names; a `DeployError` when none answers."""
    try:
        client = docker.from_env(timeout=CALL_SECONDS, environment=dict(environment))
        client.ping()
    except (DockerException, OSError) as error:
        raise DeployError(f"no Docker engine answers: {error}", where="docker", todo=_todo(str(error))) from None
    return client


def answers(environment: Mapping[str, str]) -> bool:
    """Whether an engine answers."""
    try:
        connect(environment).close()
    except DeployError:
        return False
    return True


def ensure_engine(
    find: Find, process: Process, clock: Clock, environment: Mapping[str, str], log: Path, progress: Progress
) -> Engine:
    """The engine that answers; installed and started first where that is possible."""
    if answers(environment):
        return Engine(connect(environment))
    _refuse_unless_possible(find, environment)
    if not find("dockerd"):
        install_packages(process, ["docker.io", "iptables"], progress)
    if answers(environment):  # the package's own service started it
        return Engine(connect(environment))
    progress("Starting the Docker engine (about 10 s)")
    if SYSTEMD.is_dir():
        must_run(process, ["systemctl", "start", "docker"], timeout=START_SECONDS, todo="read `journalctl -u docker`")
        return Engine(connect(environment))
    dockerd = find("dockerd") or Path("/usr/sbin/dockerd")
    daemon = start_daemon([str(dockerd)], environment, log, clock)
    return Engine(connect(environment), daemon)


def start_daemon(argv: Sequence[str], environment: Mapping[str, str], log: Path, clock: Clock) -> ProcessRecord:
    """Start an engine in a session of its own and wait until it answers; it sees no credential of this environment."""
    daemon = start_detached(argv, minimal_environment(environment), log)
    ready, lives = partial(answers, environment), partial(is_running, daemon)
    try:
        wait_until_ready("the Docker engine", ready, lives, log, clock, seconds=START_SECONDS)
    except BaseException:
        stop([daemon], clock)
        raise
    return daemon


def bridge_address(client: docker.DockerClient) -> str:
    """The engine host's address as containers on the default network see it (`host.docker.internal`)."""
    configuration = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    # Docker leaves the gateway out where it chose it itself: it is the subnet's first address then.
    return configuration.get("Gateway") or str(next(ip_network(configuration["Subnet"]).hosts()))


def _refuse_unless_possible(find: Find, environment: Mapping[str, str]) -> None:
    remote = environment.get("DOCKER_HOST")
    if remote or os.geteuid() != 0:
        why = f"at DOCKER_HOST={remote}" if remote else "and only root can start one"
        raise DeployError(f"no Docker engine answers {why}", where="docker", todo=TODO_INSTALL)
    if not find("dockerd") and not is_debian():
        raise DeployError("no Docker engine, and this is not Debian", where="docker", todo=TODO_INSTALL)


def _todo(error: str) -> str:
    if "Permission" in error:
        return "let this user use the engine (`sudo usermod -aG docker $USER`, then log in again)"
    return TODO_INSTALL
