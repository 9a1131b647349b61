"""A deployment in the ledger: what it set out to change, written before it changes anything, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.ledger.head import Head
from deploy_pipeline.core.spec import ServiceSpec

Kind = Literal["deployment", "rollback"]
Said = Literal["promote", "roll_back"]
Outcome = Literal["live", "failed", "canceled", "abandoned"]
"""After all but `live`, what served before serves. `abandoned`: its run died, and it may be begun again."""


@dataclass(frozen=True)
class FunctionMove:
    """An alias on its way from the version `stable`, which served before, to `candidate`."""

    name: str
    function_name: str
    alias: str
    stable: str
    candidate: str


@dataclass(frozen=True)
class ServiceMove:
    """A service on its way from one task definition (an ARN) to another. `service` is the ECS service that had users.

    `spec` is the service as the deployment knew it: whoever undoes this may be another run, of another commit.
    """

    name: str
    spec: ServiceSpec
    service: str
    stable: str
    candidate: str


@dataclass(frozen=True)
class StackMove:
    """A plan that is applied to the Terraform state at `bucket` and `key`.

    `work` is its folder on the machine `host`, whose clock said `at` (aware UTC) before it began. `lock` is the ID of
    the state's lock, once Terraform has it and has said something.
    """

    name: str
    bucket: str
    key: str
    plan_digest: str
    work: str
    host: str
    at: datetime
    lock: str = ""


@dataclass(frozen=True)
class Word:
    """What a person has said (at an aware UTC time) of what baked then: `bakes`, by name."""

    what: Said
    by: str
    reason: str
    at: datetime
    bakes: tuple[str, ...]


@dataclass(frozen=True)
class Deployment:
    """One attempt to change what serves. `id` is also the name of the release that it becomes.

    `replaces` is the release that was live when it began, `undoes` the deployment that a rollback takes back. Times are
    aware UTC. Without an `outcome` it goes on, or its run is dead. `baking` names what is watched now, `words` are what
    people have said of it, and `decided` is what of that was done.
    """

    id: str
    kind: Kind
    environment: str
    run_id: str
    commit: Commit
    began_at: datetime
    replaces: str = ""
    undoes: str = ""
    functions: tuple[FunctionMove, ...] = ()
    services: tuple[ServiceMove, ...] = ()
    stacks: tuple[StackMove, ...] = ()
    outcome: Outcome | None = None
    reason: str = ""
    decided: str = ""
    baking: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    ended_at: datetime | None = None


def deployment_id(sha: str, run_id: str) -> str:
    """What a run's deployment of a commit (a full SHA) is called: the same for every attempt of the run."""
    return f"{sha[:12]}-{run_id[:8]}"


def moving_functions(deployment: Deployment, moves: Sequence[FunctionMove]) -> Deployment:
    """The deployment with these moves, too. What it knew of a function first stays: that served before it began."""
    known = {(move.function_name, move.alias) for move in deployment.functions}
    new = [move for move in moves if (move.function_name, move.alias) not in known]
    return replace(deployment, functions=(*deployment.functions, *new))


def moving_service(deployment: Deployment, move: ServiceMove) -> Deployment:
    """The deployment with this move, too; the first one of a service stays."""
    known = {each.name for each in deployment.services}
    return deployment if move.name in known else replace(deployment, services=(*deployment.services, move))


def moving_stack(deployment: Deployment, move: StackMove) -> Deployment:
    """The deployment with this apply, instead of an earlier one of the same stack."""
    others = tuple(each for each in deployment.stacks if each.name != move.name)
    return replace(deployment, stacks=(*others, move))


def ended(deployment: Deployment, outcome: Outcome, reason: str, at: datetime) -> Deployment:
    """The deployment with its end. The first end counts."""
    return deployment if deployment.outcome else replace(deployment, outcome=outcome, reason=reason, ended_at=at)


def is_live(deployment: Deployment, head: Head) -> bool:
    """Whether it got as far as being the release: then it is finished, never undone."""
    return head.live is not None and head.live.release == deployment.id
