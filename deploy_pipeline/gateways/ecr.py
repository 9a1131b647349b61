"""ECR: repositories, tags and digests, and the login for the Docker engine. Does not move image data itself."""

import base64
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings, client, registry_at, translated
from deploy_pipeline.gateways.docker_engine import RegistryLogin

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageTypeDef

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LESSONS = {
    "RepositoryNotFoundException": "create it (terraform/bootstrap does), or correct its name in deploy.yaml",
    "ImageTagAlreadyExistsException": "the repository's tags are immutable: allow tags to move in its settings",
}


class Ecr(ABC):
    """The image registry of one account and region."""

    @abstractmethod
    def repository_uri(self, repository: str) -> str:
        """`registry/repository`, as Docker must be told. A missing repository is a `DeployError`."""

    @abstractmethod
    def login(self) -> RegistryLogin:
        """A login that lasts twelve hours."""

    @abstractmethod
    def digest(self, repository: str, tag: str) -> str | None:
        """The manifest digest (`sha256:...`) that the tag points at, or None when there is no such tag."""

    @abstractmethod
    def has(self, repository: str, digest: str) -> bool:
        """Whether the repository has the manifest `sha256:...`."""

    @abstractmethod
    def move_tag(self, repository: str, digest: str, tag: str) -> None:
        """Point the tag at the manifest `digest`, which is already there. No image data is moved."""


class AwsEcr(Ecr):
    """ECR in the account and region of `settings`.

    `registry` (`host:port`) overrides where Docker finds the registry: by default the one that AWS names, or with
    a custom endpoint the endpoint itself, since an emulator names AWS's registry and serves its own.
    """

    def __init__(self, settings: AwsSettings, *, registry: str | None = None) -> None:
        self._ecr: ECRClient = client(settings, "ecr")
        self._registry = registry or (registry_at(settings.endpoint_url) if settings.endpoint_url else None)

    def repository_uri(self, repository: str) -> str:
        with translated(_where(repository), lessons=LESSONS):
            found = self._ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]
        return f"{self._registry}/{repository}" if self._registry else found["repositoryUri"]

    def login(self) -> RegistryLogin:
        with translated("ECR login"):
            data = self._ecr.get_authorization_token()["authorizationData"][0]
        username, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        return RegistryLogin(self._registry or data["proxyEndpoint"].removeprefix("https://"), username, password)

    def digest(self, repository: str, tag: str) -> str | None:
        with translated(_where(repository), lessons=LESSONS):
            try:
                found = self._ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
            except self._ecr.exceptions.ImageNotFoundException:
                return None
        # AWS raises for an unknown tag; an emulator may answer with nothing.
        return next((image["imageDigest"] for image in found["imageDetails"]), None)

    def has(self, repository: str, digest: str) -> bool:
        with translated(_where(repository), lessons=LESSONS):
            found = self._ecr.batch_get_image(
                repositoryName=repository, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=list(MANIFEST_TYPES)
            )
        return any(image["imageId"]["imageDigest"] == digest for image in found["images"])

    def move_tag(self, repository: str, digest: str, tag: str) -> None:
        image = self._manifest(repository, digest)
        with translated(f"{_where(repository)}, tag {tag}", lessons=LESSONS):
            try:
                self._ecr.put_image(
                    repositoryName=repository,
                    imageManifest=image["imageManifest"],
                    imageManifestMediaType=image["imageManifestMediaType"],
                    imageTag=tag,
                    # ECR refuses when its digest of the manifest differs: no other image can get the tag.
                    imageDigest=digest,
                )
            except self._ecr.exceptions.ImageAlreadyExistsException:
                return

    def _manifest(self, repository: str, digest: str) -> "ImageTypeDef":
        with translated(_where(repository), lessons=LESSONS):
            found = self._ecr.batch_get_image(
                repositoryName=repository, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=list(MANIFEST_TYPES)
            )
        if not found["images"]:
            reasons = ", ".join(failure.get("failureReason", "") for failure in found.get("failures", []))
            raise DeployError(f"there is no image {digest} ({reasons})", where=_where(repository), todo="push it first")
        return found["images"][0]


def _where(repository: str) -> str:
    return f"ECR repository {repository}"
