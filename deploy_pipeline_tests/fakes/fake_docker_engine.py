"""A Docker engine without an engine: images are names, digests are computed from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deploy_pipeline.core.content_key import Entry
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.image_key import BuildInputs
from deploy_pipeline.gateways.docker_engine import DockerEngine, RegistryLogin
from deploy_pipeline.gateways.tree_entries import tree_of


@dataclass(frozen=True)
class BuildCall:
    """What a build was asked for."""

    context: Path
    dockerfile: str
    tag: str
    build_args: dict[str, str]
    labels: dict[str, str]
    timeout: float


def id_of(name: str) -> str:
    """The image id or digest that the fake gives for a name."""
    return f"sha256:{sha256(name.encode()).hexdigest()}"


class FakeDockerEngine(DockerEngine):
    """Keeps names of images. `failures` maps a tag or reference to the error that its build or push raises,
    `removal of <reference>` to that of its removal.

    `output` is what every build prints; `bases` the ids of the base images of every Dockerfile; `images` maps the
    references that exist from the start to their ids.
    """

    def __init__(
        self,
        *,
        images: Mapping[str, str] | None = None,
        failures: Mapping[str, DeployError] | None = None,
        output: tuple[str, ...] = ("Step 1/1 : FROM scratch",),
    ) -> None:
        self.images = dict(images or {})
        self._failures = dict(failures or {})
        self._output = output
        self.builds: list[BuildCall] = []
        self.pushed: dict[str, str] = {}
        self.logins: list[RegistryLogin] = []
        self.pushed_ids: list[str] = []
        self.pulled: list[str] = []
        self.bases: dict[str, str] = {}

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
        self.builds.append(BuildCall(context, dockerfile, tag, dict(build_args), dict(labels), timeout))
        for line in self._output:
            on_line(line)
        self._raise_for(tag)
        self.images[tag] = id_of(tag)
        return self.images[tag]

    def inputs(self, *, context: Path, dockerfile: str, build_args: Mapping[str, str]) -> BuildInputs:
        files = [path.relative_to(context).as_posix() for path in context.rglob("*")] if context.is_dir() else []
        entry = Entry(dockerfile, "file", 0, "FROM scratch")
        return BuildInputs(tree_of(context, files), entry, dict(self.bases), self.version())

    def has(self, image_id: str) -> bool:
        return image_id in self.images.values()

    def pull(self, pinned: str, login: RegistryLogin) -> str:
        self.logins.append(login)
        self.pulled.append(pinned)
        digest = pinned.split("@")[1]
        found = [image_id for image_id in self.pushed_ids if id_of(f"manifest of {image_id}") == digest]
        if not found:
            raise DeployError(f"manifest for {pinned} not found", where=f"pull of {pinned}", todo="push it first")
        self.images[pinned] = found[0]
        return found[0]

    def tag(self, image_id: str, reference: str) -> None:
        if image_id not in {*self.images, *self.images.values()}:
            raise DeployError(f"No such image: {image_id}", where=f"tag {reference}", todo="build it first")
        self.images[reference] = self.images.get(image_id, image_id)

    def push(self, reference: str, login: RegistryLogin) -> str:
        self.logins.append(login)
        self._raise_for(reference)
        if reference not in self.images:
            what = f"An image does not exist locally with the tag: {reference}"
            raise DeployError(what, where=f"push of {reference}", todo="build and tag it first")
        self.pushed[reference] = id_of(f"manifest of {self.images[reference]}")
        self.pushed_ids.append(self.images[reference])
        return self.pushed[reference]

    def remove(self, reference: str) -> None:
        if f"removal of {reference}" in self._failures:
            raise self._failures[f"removal of {reference}"]
        self.images.pop(reference, None)

    def version(self) -> str:
        return "20.10.24"

    def _raise_for(self, name: str) -> None:
        if name in self._failures:
            raise self._failures[name]
