"""The containers and images that a sandbox leaves in the Docker engine: told from others' by label and by name."""

import contextlib
from collections.abc import Iterable
from typing import Any

import docker
from docker.errors import APIError, NotFound

from deploy_pipeline.sandbox.layout import Layout

INSTANCE_LABEL = "ministack.instance"  # "<MINISTACK_HOSTNAME>:<port>", on every container that MiniStack makes


def own_containers(client: docker.DockerClient, layout: Layout) -> list[Any]:
    """The containers of this sandbox's MiniStack, running or not, of whatever port it had."""
    listed = client.containers.list(all=True, filters={"label": INSTANCE_LABEL}, ignore_removed=True)
    prefix = f"{layout.host_name}:"
    return [container for container in listed if container.labels.get(INSTANCE_LABEL, "").startswith(prefix)]


def remove_own_containers(client: docker.DockerClient, layout: Layout) -> int:
    """Remove them with their anonymous volumes; how many there were."""
    found = own_containers(client, layout)
    for container in found:
        with contextlib.suppress(NotFound):  # MiniStack removes its own when it ends: who is first does not matter
            _remove(container)
    return len(found)


def remove_pushed_images(client: docker.DockerClient, ports: Iterable[int]) -> int:
    """Remove every name of an image in the sandbox's registry, and the images that have no other name."""
    registries = tuple(f"localhost:{port}/" for port in ports)
    names = {
        name
        for image in client.images.list()
        for name in [*image.tags, *(image.attrs.get("RepoDigests") or [])]
        if name.startswith(registries)
    }
    for name in sorted(names):
        with contextlib.suppress(NotFound):  # the last tag takes the digests with it
            client.images.remove(name, force=True)
    return len(names)


def _remove(container: Any) -> None:
    try:
        container.remove(force=True, v=True)
    except APIError as error:
        if "already in progress" not in str(error):
            raise
