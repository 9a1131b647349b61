"""Base images for builds: those that the engine has or can pull, else a stand-in made from Debian's packages."""

import contextlib
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Process
from deploy_pipeline.sandbox.debian_image import SUITE, build_root, can_stand_in
from deploy_pipeline.sandbox.programs import Find
from deploy_pipeline.sandbox.progress import Progress

LABEL = "deploy-pipeline.sandbox.stand-in"
SILENCE_SECONDS = 20  # a pull that says nothing for so long has no registry
CHANGES = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    'CMD ["python3"]',
)


def ensure_base_images(
    names: Iterable[str],
    client: docker.DockerClient,
    process: Process,
    find: Find,
    environment: Mapping[str, str],
    progress: Progress,
) -> None:
    """Have every named image in the engine. A stand-in is said to be one, and carries the label `LABEL`."""
    for name in names:
        if _present(client, name):
            continue
        progress(f"Pulling {name}")
        refused = pull(name, environment, SILENCE_SECONDS)
        if refused is None:
            continue
        if not can_stand_in(name):
            raise DeployError(
                f"cannot be pulled ({refused}), and only images of Python 3.11 on Debian have a stand-in",
                where=name,
                todo=f"load it into the engine: docker load < image.tar, tagged {name}",
            )
        progress(f"{name} cannot be pulled ({refused})")
        progress(f"Making a stand-in for {name} from Debian {SUITE} packages: not the image of that name (about 40 s)")
        _make(name, client, process, find, environment, progress)


def pull(name: str, environment: Mapping[str, str], silence: int) -> str | None:
    """Pull an image; None when it came, else why it did not."""
    repository, tag = _split(name)
    try:
        with contextlib.closing(docker.from_env(timeout=silence, environment=dict(environment))) as client:
            for event in client.api.pull(repository, tag=tag, stream=True, decode=True):
                if "error" in event:
                    return str(event["error"])
    except (DockerException, requests.RequestException, OSError) as error:
        return _short(error)
    return None


def stand_ins(client: docker.DockerClient) -> list[str]:
    """The names of all images that were made on this machine, by this or another sandbox."""
    return [tag for image in client.images.list(filters={"label": LABEL}) for tag in image.tags]


def _present(client: docker.DockerClient, name: str) -> bool:
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def _make(
    name: str,
    client: docker.DockerClient,
    process: Process,
    find: Find,
    environment: Mapping[str, str],
    progress: Progress,
) -> None:
    repository, tag = _split(name)
    with tempfile.TemporaryDirectory(prefix="base-image-") as folder:
        root = build_root(Path(folder), process, find, environment, progress)
        changes = [*CHANGES, f"LABEL {LABEL}=true"]
        try:
            client.api.import_image_from_file(str(root), repository=repository, tag=tag, changes=changes)
        except (APIError, NotFound) as error:
            raise DeployError(_short(error), where=name, todo="see what the Docker engine's log says") from error


def _split(name: str) -> tuple[str, str]:
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")


def _short(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error).strip().splitlines()[0][:200]
