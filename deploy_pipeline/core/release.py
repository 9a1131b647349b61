"""A release: the immutable manifest of what was deployed, as one value that a person or a rollback can read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.ledger.deployment import deployment_id


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

    `restores` names, of a rollback, the earlier release that serves again, `parts` what of it does. `contains` are the
    merges (full SHAs) that went live with it and were not live before it: a newer one took their place, or they were
    rolled back.

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
    restores: str = ""
    parts: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()


def release_of(
    deployed: Deployed,
    run_id: str,
    promoted_at: datetime,
    replaced: str,
    *,
    restores: str = "",
    parts: tuple[str, ...] = (),
    contains: tuple[str, ...] = (),
) -> Release:
    """The manifest of what a run has deployed: its name is that of its deployment in the ledger."""
    candidate, commit = deployed.candidate, deployed.candidate.commit
    return Release(
        name=deployment_id(commit.sha, run_id), environment=candidate.spec.environment,
        commit=commit.sha, title=commit.title, author=commit.author, pull_request=commit.pull_request,
        hotfix=candidate.hotfix, run_id=run_id, promoted_at=promoted_at,
        replaced=replaced, restores=restores, parts=parts, contains=contains,
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
