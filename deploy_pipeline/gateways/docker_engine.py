"""The Docker engine: builds, tags, pushes and removes images. What may go out is not decided here."""

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from docker import APIClient
from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag

from deploy_pipeline.core.image_key import BuildInputs
from deploy_pipeline.gateways.build_context import check_dockerignore, dockerfile_in
from deploy_pipeline.gateways.build_inputs import build_inputs
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_answers import digest_of, image_of, pulled_of
from deploy_pipeline.gateways.docker_errors import translated
from deploy_pipeline.gateways.docker_stream import ended_after
from deploy_pipeline.gateways.interruptions import polled
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
    def inputs(self, *, context: Path, dockerfile: str, build_args: Mapping[str, str]) -> BuildInputs:
        """What a build with these arguments would take in. Nothing is built or pulled.

        Raises DeployError for a Dockerfile that is missing or outside of the context.
        """

    @abstractmethod
    def has(self, image_id: str) -> bool:
        """Whether the engine has the image `sha256:...`."""

    @abstractmethod
    def pull(self, pinned: str, login: RegistryLogin) -> str:
        """Pull `registry/repository@sha256:...` and give the image's id. Raises DeployError as `push` does."""

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
            start = partial(
                client.build,
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
            return image_of(polled(start), on_line, where)

    def inputs(self, *, context: Path, dockerfile: str, build_args: Mapping[str, str]) -> BuildInputs:
        where = f"build of {context.name}"
        file = dockerfile_in(context, dockerfile, where)
        check_dockerignore(context, where)
        with self._client(where) as client:
            return build_inputs(client, context, file, build_args, self._settings.network_mode)

    def has(self, image_id: str) -> bool:
        with self._client(f"image {image_id}") as client:
            try:
                return bool(client.inspect_image(image_id))  # type: ignore[no-untyped-call]  # of the stubs
            except ImageNotFound:
                return False

    def pull(self, pinned: str, login: RegistryLogin) -> str:
        return retrying(self._clock, self._settings.attempts)(self._pull, pinned, login)

    def _pull(self, pinned: str, login: RegistryLogin) -> str:
        repository, digest = pinned.split("@")
        where = f"pull of {pinned}"
        with self._client(where) as client, ended_after(client, self._settings.push_timeout, where):
            start = partial(client.pull, repository, digest, stream=True, decode=True, auth_config=_auth(login))
            pulled_of(polled(start), where)
            return str(client.inspect_image(pinned)["Id"])  # type: ignore[no-untyped-call]  # of the stubs

    def tag(self, image_id: str, reference: str) -> None:
        repository, tag = parse_repository_tag(reference)
        where = f"tag {reference}"
        with self._client(where) as client:
            client.tag(image_id, repository, tag)

    def push(self, reference: str, login: RegistryLogin) -> str:
        return retrying(self._clock, self._settings.attempts)(self._push, reference, login)

    def _push(self, reference: str, login: RegistryLogin) -> str:
        repository, tag = parse_repository_tag(reference)
        where = f"push of {reference}"
        with self._client(where) as client, ended_after(client, self._settings.push_timeout, where):
            start = partial(client.push, repository, tag, stream=True, decode=True, auth_config=_auth(login))
            return digest_of(polled(start), where)

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


def _auth(login: RegistryLogin) -> dict[str, str]:
    return {"username": login.username, "password": login.password, "serveraddress": login.server}
