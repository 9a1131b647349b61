"""The versions of GitHub's REST API, and what the newer one no longer answers with."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from deploy_pipeline.sandbox.github_double.errors import ApiError

VERSION_HEADER = "x-github-api-version"
_DEFAULT = "2022-11-28"
_LATEST = "2026-03-10"
_REMOVED = frozenset({"merge_commit_sha", "assignee", "rate"})


def requested_version(headers: Mapping[str, str]) -> str:
    """The version that a request asks for (names of headers in small letters); `ApiError` 400 for an unknown one."""
    version = headers.get(VERSION_HEADER, _DEFAULT)
    if version not in (_DEFAULT, _LATEST):
        raise ApiError(HTTPStatus.BAD_REQUEST, f"{version!r} is not a supported version.")
    return version


def without_removed(body: dict[str, Any], version: str) -> dict[str, Any]:
    """A pull request or a rate limit as `version` shows it: 2026-03-10 took away `merge_commit_sha`, among others."""
    return {key: value for key, value in body.items() if version != _LATEST or key not in _REMOVED}
