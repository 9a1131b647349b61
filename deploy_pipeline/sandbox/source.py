"""What the sandbox has to know about the repository that it serves: read from its `deploy.yaml`."""

from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec

SPEC_FILE = "deploy.yaml"
BASE_IMAGE = "BASE_IMAGE"  # the build argument that names the image a Dockerfile starts from


@dataclass(frozen=True)
class Source:
    """A repository on disk, and its spec."""

    folder: Path
    spec: Spec

    @property
    def base_images(self) -> list[str]:
        """The images that its Dockerfiles start from, and the one that its pull requests are validated in."""
        names = {image.build_args[BASE_IMAGE] for image in self.spec.images.values() if BASE_IMAGE in image.build_args}
        if self.spec.validation.isolation == "container":
            names.add(self.spec.validation.base_image)
        return sorted(names)

    @property
    def sender(self) -> str | None:
        """The address that notifications are mailed from."""
        email = self.spec.notifications.email
        return email.sender if email else None


def read_source(folder: Path) -> Source:
    """Read a repository's spec. A `DeployError` when there is none, or when it is not valid."""
    file = folder / SPEC_FILE
    if not file.is_file():
        todo = "run this in the repository to deploy, or name it with --source"
        raise DeployError(f"no {SPEC_FILE}", where=str(folder), todo=todo)
    return Source(folder.resolve(), load_spec(file.read_text(), str(file)))
