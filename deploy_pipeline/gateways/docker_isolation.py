"""Isolation by containers of the Docker engine on this machine. What a container may do is `core.box_container`.

What it does not stop: a hole in the kernel or the engine.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from deploy_pipeline.core.isolation import BoxSetup
from deploy_pipeline.gateways.box_owner import BoxOwner
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_boxes import DockerBoxes
from deploy_pipeline.gateways.docker_engine import DEFAULT_HOST
from deploy_pipeline.gateways.environments import MOST_KEPT, Environments, IndexSettings
from deploy_pipeline.gateways.isolation import Box, Isolation, Listener
from deploy_pipeline.gateways.tool_image import ToolImages, ToolImageSettings
from deploy_pipeline.gateways.usage import Usage

INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "PIP_INDEX_URL")


@dataclass(frozen=True)
class IsolationSettings:
    """`host` is the engine (None: its usual socket), `work` a folder for locks and marks, kept between runs.

    `build_network` is the network mode of the build of the tools ("host" where containers reach nothing by
    themselves). `index_hosts` is what an installation reaches, `index_redirects` what leads to an index on this
    machine (as in `BoxSetup`). Of `environment` only the address of the package index is looked at.
    """

    host: str | None
    base_image: str
    build_network: str | None
    work: Path
    index_hosts: tuple[str, ...] = ("pypi.org:443", "files.pythonhosted.org:443")
    index_redirects: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class DockerIsolation(Isolation):
    """Boxes that are containers."""

    def __init__(self, settings: IsolationSettings, clock: Clock) -> None:
        host = settings.host or DEFAULT_HOST
        index = next((settings.environment[name] for name in INDEX_VARIABLES if settings.environment.get(name)), None)
        owner = BoxOwner(settings.work / "owners", clock)
        self._boxes = DockerBoxes(host, settings.base_image, owner, clock)
        self._tools = ToolImages(
            ToolImageSettings(host, settings.base_image, settings.build_network, index),
            self._boxes,
            Usage(settings.work / "tools", clock),
            clock,
        )
        self._environments = Environments(
            host,
            self._boxes,
            IndexSettings(settings.index_hosts, settings.index_redirects, index),
            owner,
            Usage(settings.work / "environments", clock, MOST_KEPT),
            clock,
        )

    def prepare_tools(self, tools: Mapping[str, str], on_line: Listener) -> str:
        self.remove_leftovers()
        return self._tools.prepare(tools, on_line)

    def prepare_environment(
        self, tools: str, packages: tuple[str, ...], requirements: Mapping[str, str], on_line: Listener
    ) -> str:
        return self._environments.prepare(tools, packages, requirements, on_line)

    def box(self, setup: BoxSetup) -> AbstractContextManager[Box]:
        return self._boxes.box(setup)

    def remove_leftovers(self) -> int:
        """Remove the boxes of pipelines that were killed; how many."""
        return self._boxes.remove_leftovers()

    def close(self) -> None:
        self._boxes.close()

    def gives_up(self) -> str:
        return ""
