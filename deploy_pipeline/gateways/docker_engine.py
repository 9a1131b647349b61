"""The Docker engine: builds, tags, pushes and removes images. What may go out is not decided here."""

import math
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from docker import APIClient
from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.build_context import check_dockerignore, dockerfile_in
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_errors import LINES_SHOWN, STEP, build_failure, push_failure, translated
from deploy_pipeline.gateways.docker_stream import Event, ended_after, said
from deploy_pipeline.gateways.retrying import retrying

DEFAULT_HOST = "unix:///var/run/docker.sock"


@dataclass(frozen=True)
class RegistryLogin:
    """Who pushes to the registry `server`."""

    server: str
    username: str
    password: str = field(repr=False)


class DockerEngine(ABC):
    """Builds, tags, pushes and removes images."""

    @abstractmethod
    def build(
        self,
        *,
        context: Path,
        dockerfile: str,
        tag: str,
        build_args: Mapping[str, str],
        labels: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout: float,
    ) -> str:
        """Build `dockerfile` (relative to `context`) and give the image's id, `sha256:...` of its configuration.

        `timeout` (seconds) is for the whole build. Raises DeployError with the failing step and its last output.
        """

    @abstractmethod
    def tag(self, image_id: str, reference: str) -> None:
        """Name a local image `reference` (`registry/repository:tag`)."""

    @abstractmethod
    def push(self, reference: str, login: RegistryLogin) -> str:
        """Push `registry/repository:tag` and give the manifest's digest, `sha256:...`.

        Raises DeployError; retryable only when the registry or the way to it failed.
        """

    @abstractmethod
    def remove(self, reference: str) -> None:
        """Take the name `reference` from a local image, and remove the image with its last name. Absent is fine.

        Raises DeployError where the engine refuses, as for an image that a container uses.
        """

    @abstractmethod
    def version(self) -> str:
        """The engine's version, such as `27.3.1`."""


@dataclass(frozen=True)
class DockerSettings:
    """Where the engine is (None: its usual socket) and the network mode of build steps (None: the engine's default).

    Mode "host" is for machines where containers reach nothing by themselves. Times in seconds.
    """

    host: str | None = None
    network_mode: str | None = None
    timeout: float = 60.0
    push_timeout: float = 1800.0
    attempts: int = 4


class LocalDockerEngine(DockerEngine):
    """The engine at `settings.host`, through its classic builder: any engine has it, with no client plugin."""

    def __init__(self, settings: DockerSettings, clock: Clock) -> None:
        self._settings = settings
        self._host = settings.host or DEFAULT_HOST
        self._clock = clock

    def build(
        self,
        *,
        context: Path,
        dockerfile: str,
        tag: str,
        build_args: Mapping[str, str],
        labels: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout: float,
    ) -> str:
        where = f"build of {tag}"
        file = dockerfile_in(context, dockerfile, where)
        check_dockerignore(context, where)
        with self._client(where) as client, ended_after(client, timeout, where):
            events = client.build(
                path=os.path.realpath(context),
                dockerfile=file,
                tag=tag,
                buildargs=dict(build_args),
                labels=dict(labels),
                network_mode=self._settings.network_mode,
                rm=True,
                forcerm=True,
                pull=False,
                decode=True,
                # The proxies of ~/.docker/config.json would become build arguments.
                use_config_proxy=False,
                timeout=math.ceil(timeout),
            )
            return _built(events, on_line, where)

    def tag(self, image_id: str, reference: str) -> None:
        repository, tag = parse_repository_tag(reference)
        where = f"tag {reference}"
        with self._client(where) as client:
            client.tag(image_id, repository, tag)

    def push(self, reference: str, login: RegistryLogin) -> str:
        return retrying(self._clock, self._settings.attempts)(self._push, reference, login)

    def _push(self, reference: str, login: RegistryLogin) -> str:
        repository, tag = parse_repository_tag(reference)
        auth = {"username": login.username, "password": login.password, "serveraddress": login.server}
        where = f"push of {reference}"
        with self._client(where) as client, ended_after(client, self._settings.push_timeout, where):
            return _pushed(client.push(repository, tag, stream=True, decode=True, auth_config=auth), where)

    def remove(self, reference: str) -> None:
        with self._client(f"removal of {reference}") as client:
            try:
                client.remove_image(reference)
            except ImageNotFound:
                return

    def version(self) -> str:
        with self._client("engine version") as client:
            return str(client.version()["Version"])

    @contextmanager
    def _client(self, where: str) -> Iterator[APIClient]:
        """A client for one operation: the SDK's session must not be shared by threads."""
        with translated(where, self._host):
            client = APIClient(base_url=self._host, version="auto", timeout=int(self._settings.timeout))
            try:
                yield client
            finally:
                client.close()


def _built(events: Iterator[Event], on_line: Callable[[str], None], where: str) -> str:
    step, output, image_id = "", deque[str](maxlen=LINES_SHOWN), ""
    for event in events:
        for line in said(event):
            on_line(line)
            if STEP.match(line):
                step = line
                output.clear()
            else:
                output.append(line)
        if "error" in event:
            raise build_failure(str(event["error"]), step, output, where)
        image_id = str((event.get("aux") or {}).get("ID", image_id))
    if not image_id:
        raise build_failure("the engine ended the build without an image", step, output, where)
    return image_id


def _pushed(events: Iterator[Event], where: str) -> str:
    digest = ""
    for event in events:
        if "error" in event:
            raise push_failure(str(event["error"]), where)
        digest = str((event.get("aux") or {}).get("Digest", digest))
    if not digest:
        raise DeployError("the engine ended the push without a digest", where=where, todo="push again", retryable=True)
    return digest
