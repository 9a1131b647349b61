"""Lambda functions in memory: versions, aliases with revision ids, and answers given beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.functions import AliasState, Functions, Invocation, PublishedVersion


@dataclass(frozen=True)
class Invoked:
    """A recorded invocation."""

    function_name: str
    qualifier: str
    payload: dict[str, Any]


class FakeFunctions(Functions):
    """`versions` maps a function to the code hashes of its versions 1, 2, ...; `aliases` maps (function, alias).

    `reconfigured` holds functions whose settings changed after their newest version.

    An invocation is answered from `answers` by (function, version), or else by (function, qualifier).
    """

    def __init__(
        self,
        versions: Mapping[str, tuple[str, ...]],
        aliases: Mapping[tuple[str, str], AliasState] | None = None,
        answers: Mapping[tuple[str, str], Invocation] | None = None,
    ) -> None:
        self.versions = {name: list(hashes) for name, hashes in versions.items()}
        self.aliases = dict(aliases or {})
        self.answers = dict(answers or {})
        self.published: list[tuple[str, str, str]] = []
        self.moved: list[tuple[str, str, str]] = []
        self.invoked: list[Invoked] = []
        self.reconfigured: set[str] = set()

    def publish(
        self, function_name: str, *, bucket: str, key: str, code_sha256: str, description: str
    ) -> PublishedVersion:
        if function_name not in self.versions:
            raise DeployError("ResourceNotFoundException", where=f"function {function_name}", todo="terraform apply")
        hashes = self.versions[function_name]
        if not hashes or hashes[-1] != code_sha256:
            hashes.append(code_sha256)
            self.published.append((function_name, f"s3://{bucket}/{key}", description))
        return PublishedVersion(str(len(hashes)), code_sha256)

    def is_current(self, function_name: str, version: str, code_sha256: str) -> bool:
        hashes = self.versions.get(function_name, [])
        current = function_name not in self.reconfigured and version == str(len(hashes))
        return current and hashes[-1] == code_sha256

    def alias(self, function_name: str, alias: str) -> AliasState:
        if (function_name, alias) not in self.aliases:
            raise DeployError("ResourceNotFoundException", where=f"function {function_name}, alias {alias}")
        return self.aliases[function_name, alias]

    def move_alias(self, function_name: str, alias: str, *, version: str, revision_id: str) -> AliasState:
        moved = self._routed(function_name, alias, AliasState(version, revision_id, {}))
        self.moved.append((function_name, alias, version))
        return moved

    def split_alias(
        self, function_name: str, alias: str, *, version: str, candidate: str, weight: float, revision_id: str
    ) -> AliasState:
        return self._routed(function_name, alias, AliasState(version, revision_id, {candidate: weight}))

    def _routed(self, function_name: str, alias: str, wanted: AliasState) -> AliasState:
        if self.alias(function_name, alias).revision_id != wanted.revision_id:
            raise DeployError("PreconditionFailedException", where=f"function {function_name}, alias {alias}")
        self.aliases[function_name, alias] = replace(wanted, revision_id=f"{wanted.revision_id}+")
        return self.aliases[function_name, alias]

    def invoke(self, function_name: str, qualifier: str, payload: Mapping[str, Any]) -> Invocation:
        self.invoked.append(Invoked(function_name, qualifier, dict(payload)))
        state = self.aliases.get((function_name, qualifier))
        version = state.version if state else qualifier
        for key in ((function_name, version), (function_name, qualifier)):
            if key in self.answers:
                return self.answers[key]
        raise DeployError("the fake was given no answer", where=f"function {function_name}:{qualifier}")
