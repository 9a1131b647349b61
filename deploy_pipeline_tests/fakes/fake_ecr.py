"""An image registry in memory: which tag points at which digest."""

from collections.abc import Mapping

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.docker_engine import RegistryLogin
from deploy_pipeline.gateways.ecr import Ecr


class FakeEcr(Ecr):
    """`repositories` maps a repository to its tags, a tag to its digest. `moved` holds (repository, digest, tag)."""

    def __init__(self, repositories: Mapping[str, Mapping[str, str]], registry: str = "registry.test") -> None:
        self.tags = {name: dict(tags) for name, tags in repositories.items()}
        self._registry = registry
        self.moved: list[tuple[str, str, str]] = []

    def repository_uri(self, repository: str) -> str:
        self._repository(repository)
        return f"{self._registry}/{repository}"

    def login(self) -> RegistryLogin:
        return RegistryLogin(self._registry, "AWS", "a-password")

    def digest(self, repository: str, tag: str) -> str | None:
        return self._repository(repository).get(tag)

    def has(self, repository: str, digest: str) -> bool:
        return digest in self._repository(repository).values()

    def move_tag(self, repository: str, digest: str, tag: str) -> None:
        tags = self._repository(repository)
        if digest not in tags.values():
            raise DeployError(f"there is no image {digest}", where=f"ECR repository {repository}", todo="push it first")
        tags[tag] = digest
        self.moved.append((repository, digest, tag))

    def _repository(self, repository: str) -> dict[str, str]:
        if repository not in self.tags:
            raise DeployError("RepositoryNotFoundException", where=f"ECR repository {repository}", todo="create it")
        return self.tags[repository]
