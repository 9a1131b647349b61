"""A release: the immutable manifest of what was deployed, as one value that a person or a rollback can read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from deploy_pipeline.core.candidate import Deployed


@dataclass(frozen=True)
class ReleasedFunction:
    """`code_sha256` is base64, as Lambda's `CodeSha256`."""

    function_name: str
    alias: str
    version: str
    code_sha256: str


@dataclass(frozen=True)
class ReleasedService:
    """`service` is the name in ECS that has the traffic; `task_definition` an ARN with its revision."""

    cluster: str
    service: str
    task_definition: str


@dataclass(frozen=True)
class ReleasedStack:
    """`outputs` holds the values that are not sensitive."""

    serial: int
    lineage: str
    plan_digest: str
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Release:
    """What serves an environment since `promoted_at` (aware UTC). `replaced` names the release before it, "" for none.

    `spec_sha256` is of the spec's values, not of the file's text. Images are URIs with digests.
    """

    name: str
    environment: str
    commit: str
    title: str
    author: str
    pull_request: int | None
    hotfix: str
    run_id: str
    promoted_at: datetime
    replaced: str
    spec_sha256: str
    images: Mapping[str, str]
    functions: Mapping[str, ReleasedFunction]
    services: Mapping[str, ReleasedService]
    stacks: Mapping[str, ReleasedStack]


def release_name(deployed: Deployed, run_id: str) -> str:
    """The same for every attempt of a run to promote."""
    return f"{deployed.candidate.commit.short}-{run_id[:8]}"


def release_of(deployed: Deployed, run_id: str, promoted_at: datetime, replaced: str) -> Release:
    """The manifest of what a run has deployed."""
    candidate, commit = deployed.candidate, deployed.candidate.commit
    return Release(
        name=release_name(deployed, run_id), environment=candidate.spec.environment,
        commit=commit.sha, title=commit.title, author=commit.author, pull_request=commit.pull_request,
        hotfix=candidate.hotfix, run_id=run_id, promoted_at=promoted_at, replaced=replaced,
        spec_sha256=sha256(candidate.spec.model_dump_json().encode()).hexdigest(),
        images={image.name: image.pinned for image in deployed.images},
        functions={
            one.name: ReleasedFunction(one.function_name, one.alias, one.version, one.code_sha256)
            for one in deployed.functions
        },
        services={
            one.name: ReleasedService(one.cluster, one.service, one.task_definition) for one in deployed.services
        },
        stacks={
            one.name: ReleasedStack(one.serial, one.lineage, one.plan_digest, dict(one.outputs))
            for one in deployed.stacks
        },
    )  # fmt: skip
