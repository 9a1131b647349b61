"""Builds the image with the tools of checks, once for each set of versions. What is in it is `core.tool_image`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker import APIClient
from docker.errors import APIError, ImageNotFound
from docker.utils import parse_repository_tag

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.tool_image import REPOSITORY, tools_dockerfile, tools_tag
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_boxes import DockerBoxes
from deploy_pipeline.gateways.docker_engine import DockerSettings, LocalDockerEngine
from deploy_pipeline.gateways.docker_errors import translated
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.isolation import Listener
from deploy_pipeline.gateways.usage import Usage

BUILD_SECONDS = 1800.0
WHERE = "tools of checks"
# What pip and uv say when the package index, or the way to it, is at fault.
NO_INDEX = re.compile(
    r"error sending request|failed to fetch|connection (broken|error|refused|reset)|connect error|dns error"
    r"|timed out|tunnel|temporary failure|no route to host|network is unreachable|status server error|Retrying \(",
    re.I,
)


@dataclass(frozen=True)
class ToolImageSettings:
    """Where images are built, and from what. `index` is the package index (None: PyPI)."""

    host: str
    base_image: str
    build_network: str | None
    index: str | None = field(default=None, repr=False)


class ToolImages:
    """The images with tools."""

    def __init__(self, settings: ToolImageSettings, boxes: DockerBoxes, usage: Usage, clock: Clock) -> None:
        self._settings = settings
        self._boxes = boxes
        self._usage = usage
        self._clock = clock

    def prepare(self, tools: Mapping[str, str], on_line: Listener) -> str:
        """The name of an image with these tools; built where there is none yet, which takes a minute."""
        dockerfile = tools_dockerfile(self._settings.base_image, tools)
        with self._boxes.client(WHERE) as client:
            tag = tools_tag(self._base_id(client, on_line), dockerfile)
            key = tag.rpartition(":")[2]
            with file_lock(self._usage.lock(key), self._clock, BUILD_SECONDS):
                if self._boxes.image_id(client, tag, WHERE) is None:
                    on_line(f"building {tag}: {', '.join(tools.values())}")
                    self._build(dockerfile, tag, on_line)
                self._usage.mark(key)
            self._remove_unused(client)
        return tag

    def _build(self, dockerfile: str, tag: str, on_line: Listener) -> None:
        settings = DockerSettings(host=self._settings.host, network_mode=self._settings.build_network)
        index = self._settings.index
        arguments = {} if index is None else {"UV_DEFAULT_INDEX": index, "PIP_INDEX_URL": index}
        with TemporaryFolder() as folder:
            (Path(folder) / "Dockerfile").write_text(dockerfile)
            try:
                LocalDockerEngine(settings, self._clock).build(
                    context=Path(folder), dockerfile="Dockerfile", tag=tag, build_args=arguments, labels={},
                    on_line=on_line, timeout=BUILD_SECONDS,
                )  # fmt: skip
            except DeployError as error:
                raise _build_failure(error) from error

    def _base_id(self, client: APIClient, on_line: Listener) -> str:
        image = self._settings.base_image
        if (found := self._boxes.image_id(client, image, WHERE)) is not None:
            return found
        on_line(f"pulling {image}")
        with translated(WHERE, self._settings.host):
            repository, tag = parse_repository_tag(image)
            client.pull(repository, tag or "latest")
        if (found := self._boxes.image_id(client, image, WHERE)) is None:
            raise DeployError(f"the engine has no image {image}", where=WHERE, todo="correct `base_image` in the spec")
        return found

    def _remove_unused(self, client: APIClient) -> None:
        for key in self._usage.unused():
            try:
                client.remove_image(f"{REPOSITORY}:{key}")
            except ImageNotFound:
                pass
            except APIError:
                continue  # a box of another pipeline runs from it
            self._usage.drop(key)


def _build_failure(error: DeployError) -> DeployError:
    if NO_INDEX.search(error.what):
        todo = "see that the engine's builds reach the package index (DEPLOY_PIPELINE_BUILD_NETWORK), then try again"
        return DeployError(f"the package index did not answer: {error.what}", where=WHERE, todo=todo, retryable=True)
    return DeployError(error.what, where=WHERE, todo="correct the versions of the tools in the spec")
