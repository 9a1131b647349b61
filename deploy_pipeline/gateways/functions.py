"""Lambda functions: publish a version from a package in S3, move an alias, invoke. Decides nothing."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PublishedVersion:
    """An immutable version of a function. `code_sha256` is base64, as AWS writes it."""

    version: str
    code_sha256: str


@dataclass(frozen=True)
class AliasState:
    """Where an alias points. `routing` holds the weights (0 to 1) of versions other than `version`."""

    version: str
    revision_id: str
    routing: dict[str, float]


@dataclass(frozen=True)
class Invocation:
    """What a function answered. `error` is the function's own failure; `log_tail` is at most 4 KiB of its log."""

    status_code: int
    payload: str
    error: str | None
    executed_version: str
    log_tail: str


class Functions(ABC):
    """The functions of one account and region."""

    @abstractmethod
    def publish(
        self, function_name: str, *, bucket: str, key: str, code_sha256: str, description: str
    ) -> PublishedVersion:
        """Make the package the function's code and publish a version; publishing the same again changes nothing."""

    @abstractmethod
    def is_current(self, function_name: str, version: str, code_sha256: str) -> bool:
        """Whether that version has this code and the settings that the function has now: no other is to be published.

        False where it cannot be told, as for a version that is gone or a function that is being updated.
        """

    @abstractmethod
    def alias(self, function_name: str, alias: str) -> AliasState:
        """Where the alias points now."""

    @abstractmethod
    def move_alias(self, function_name: str, alias: str, *, version: str, revision_id: str) -> AliasState:
        """Point the alias at one version with all the traffic; refused when `revision_id` is no longer the alias's."""

    @abstractmethod
    def split_alias(
        self, function_name: str, alias: str, *, version: str, candidate: str, weight: float, revision_id: str
    ) -> AliasState:
        """Send `weight` (0 to 1, neither of both) of the alias's traffic to `candidate` and the rest to `version`.

        Refused when `revision_id` is no longer the alias's.
        """

    @abstractmethod
    def invoke(self, function_name: str, qualifier: str, payload: Mapping[str, Any]) -> Invocation:
        """Call the function once and wait for its answer; never repeated, since a call may have effects.

        `status_code` is the `statusCode` in a JSON answer, or else the HTTP status of the call.
        """
