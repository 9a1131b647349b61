"""Python environments for boxes: engine volumes that are filled once, in a box that reaches the package index only.

What is installed runs later, in boxes without network: a package may do anything there, also by a `.pth` file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker import APIClient
from docker.errors import APIError, NotFound

from deploy_pipeline.core import box_install
from deploy_pipeline.core.box_container import PLACES, Volume
from deploy_pipeline.core.checks.requirements import checked_requirements, installed_and_constraints
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup
from deploy_pipeline.gateways.box_owner import BoxOwner
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_box import DockerBox
from deploy_pipeline.gateways.docker_boxes import DockerBoxes
from deploy_pipeline.gateways.docker_errors import translated
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.isolation import Listener
from deploy_pipeline.gateways.usage import Usage

VOLUME_LABEL = "deploy-pipeline.environment"
PREFIX = "deploy-pipeline-environment-"
INSTALL_MINUTES = 20
STEP_SECONDS = 600.0
# No file of a repository has this path.
OURS = ""
# Each may take 10 GiB, and every pull request can ask for another one.
MOST_KEPT = 20
WHERE = box_install.WHERE


@dataclass(frozen=True)
class IndexSettings:
    """The package index (`url` None: PyPI) and what an installation may reach, as in `BoxSetup`."""

    hosts: tuple[str, ...]
    redirects: Mapping[str, str] = field(default_factory=dict)
    url: str | None = field(default=None, repr=False)


class Environments:
    """The environments of this pipeline. `owner` keeps those of another one on the same engine apart."""

    def __init__(
        self, host: str, boxes: DockerBoxes, index: IndexSettings, owner: BoxOwner, usage: Usage, clock: Clock
    ) -> None:
        self._host = host
        self._boxes = boxes
        self._index = index
        self._owner = owner
        self._usage = usage
        self._clock = clock

    def prepare(self, tools: str, packages: tuple[str, ...], requirements: Mapping[str, str], on_line: Listener) -> str:
        """The name of a volume with all of it. Raises Uninstallable, or DeployError where the index did not answer."""
        own = checked_requirements({OURS: "\n".join(packages).encode()}) if packages else {}
        checked = checked_requirements({path: content.encode() for path, content in requirements.items()})
        with self._boxes.client(WHERE) as client:
            image = self._boxes.image_id(client, tools, WHERE)
            if image is None:
                raise DeployError(
                    f"the engine has no image {tools}", where=WHERE, todo="run the step again from its start"
                )
            key = box_install.environment_key(self._owner.folder_id(), image, packages, checked)
            name = f"{PREFIX}{key}"
            with file_lock(self._usage.lock(key), self._clock, INSTALL_MINUTES * 60.0 + STEP_SECONDS):
                if not (self._usage.is_marked(key) and self._exists(client, name)):
                    on_line(f"installing {', '.join([*packages, *requirements])}")
                    self._make(client, name, key, tools, {**own, **checked}, on_line)
                self._usage.mark(key)
            self._remove_unused(client)
        return name

    def _make(
        self, client: APIClient, name: str, key: str, tools: str, files: Mapping[str, str], on_line: Listener
    ) -> None:
        """Fill a new volume. Without its mark it counts for nothing, whatever ends this."""
        self._usage.drop(key)
        with translated(WHERE, self._host):
            _remove_volume(client, name)
            client.create_volume(name, labels={VOLUME_LABEL: self._owner.folder_id()})
        try:
            self._fill(name, tools, files, on_line)
        except BaseException:
            with translated(WHERE, self._host):
                _remove_volume(client, name)
            raise

    def _fill(self, name: str, tools: str, files: Mapping[str, str], on_line: Listener) -> None:
        with TemporaryFolder() as folder:
            installed, constraints = _written(Path(folder), files)
            setup = BoxSetup(
                name="environment",
                checkout=folder,
                tools=tools,
                hosts=self._index.hosts,
                redirects=self._index.redirects,
            )
            with self._boxes.box(setup, Volume(name, writable=True)) as box:
                _succeed(box, box_install.make_environment())
                argv = box_install.install(installed, constraints)
                variables = box_install.install_variables(self._index.url)
                outcome = box.run(argv, timeout=INSTALL_MINUTES * 60.0, environment=variables, on_line=on_line)
                if outcome.returncode != 0:
                    raise box_install.failure(outcome, INSTALL_MINUTES)
                _succeed(box, box_install.remove_cache())
                # Its return code says whether every file of every package compiles: some packages bring templates.
                box.run(box_install.compile_environment(), timeout=STEP_SECONDS)

    def _exists(self, client: APIClient, name: str) -> bool:
        with translated(WHERE, self._host):
            try:
                client.inspect_volume(name)
            except NotFound:
                return False
            return True

    def _remove_unused(self, client: APIClient) -> None:
        """Remove what `Usage` says. What a box uses stays: the engine refuses to remove it."""
        for key in self._usage.unused():
            try:
                with file_lock(self._usage.lock(key), self._clock, 0):
                    _remove_volume(client, f"{PREFIX}{key}")
                    self._usage.drop(key)
            except (DeployError, APIError):
                continue


def _remove_volume(client: APIClient, name: str) -> None:
    try:
        client.remove_volume(name)
    except NotFound:
        return


def _written(folder: Path, files: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the files under names of our own, and give their paths in the box: those to install, and constraints."""
    folder.chmod(0o755)
    paths = {}
    for number, (path, content) in enumerate(files.items()):
        lines = [line for line in content.splitlines() if not line.startswith("-c ")]
        (folder / f"{number}.txt").write_text("".join(f"{line}\n" for line in lines))
        paths[path] = f"{PLACES.checkout}/{number}.txt"
    installed, constraints = installed_and_constraints(files)
    return tuple(paths[path] for path in installed), tuple(paths[path] for path in constraints)


def _succeed(box: DockerBox, argv: tuple[str, ...]) -> None:
    outcome = box.run(argv, timeout=STEP_SECONDS)
    if outcome.returncode != 0:
        todo = "see the engine's own log; see that `base_image` in the spec has Python with `venv`"
        raise DeployError(outcome.output or f"the box {outcome.ending}", where=WHERE, todo=todo)
