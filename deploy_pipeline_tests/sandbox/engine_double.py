"""A Docker client with only what the sandbox asks of it: networks, containers and images, as plain values."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from docker.errors import ImageNotFound


@dataclass
class ContainerDouble:
    """A container with labels; `removed` tells whether it still exists."""

    labels: dict[str, str]
    removed: bool = False

    def remove(self, *, force: bool, v: bool) -> None:
        assert force
        assert v
        self.removed = True


@dataclass
class ImageDouble:
    """An image with its names."""

    tags: list[str]
    attrs: dict[str, Any] = field(default_factory=dict)
    labelled: bool = False


@dataclass
class EngineDouble:
    """State comes through the constructor; what was asked for is seen in `imported` and in the state itself."""

    bridge: dict[str, str] = field(default_factory=dict)
    container_list: list[ContainerDouble] = field(default_factory=list)
    image_list: list[ImageDouble] = field(default_factory=list)
    imported: list[tuple[str, str, list[str]]] = field(default_factory=list)

    @property
    def networks(self) -> Any:
        return SimpleNamespace(get=lambda _: SimpleNamespace(attrs={"IPAM": {"Config": [self.bridge]}}))

    @property
    def containers(self) -> Any:
        return SimpleNamespace(list=lambda **_: list(self.container_list))

    @property
    def images(self) -> Any:
        return SimpleNamespace(get=self._get, list=self._list, remove=self._remove)

    @property
    def api(self) -> Any:
        return SimpleNamespace(import_image_from_file=self._import)

    def _get(self, name: str) -> ImageDouble:
        for image in self.image_list:
            if name in image.tags:
                return image
        raise ImageNotFound(name)

    def _list(self, filters: dict[str, str] | None = None) -> list[ImageDouble]:
        return [image for image in self.image_list if image.labelled or not filters]

    def _remove(self, name: str, force: bool = False) -> None:
        image = next(image for image in self.image_list if name in [*image.tags, *image.attrs.get("RepoDigests", [])])
        image.attrs["RepoDigests"] = [other for other in image.attrs.get("RepoDigests", []) if other != name]
        image.tags = [tag for tag in image.tags if tag != name]

    def _import(self, file: str, repository: str, tag: str, changes: list[str]) -> None:
        self.imported.append((repository, tag, changes))
