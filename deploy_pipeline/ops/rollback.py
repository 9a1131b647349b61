"""Going back to an earlier release: functions first, then services, the reverse of a deployment.

Terraform, where it is wanted, is `rollback_terraform`.
"""

from dataclasses import replace

import dagster as dg
from pydantic import Field

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.candidate import (
    Deployed,
    DeployedFunction,
    DeployedService,
    PlannedStack,
    ServiceDeployment,
)
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.frozen_dict import FrozenDict
from deploy_pipeline.core.ledger.deployment import FunctionMove
from deploy_pipeline.core.ledger.rollback import Part, Rollback, parts_of, previous
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.services import Services, TaskDefinition
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.admission import waiting_facts
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.holding import begun_later
from deploy_pipeline.ops.retries import IDEMPOTENT, NEVER
from deploy_pipeline.ops.service_rollout import ServiceRollout, moving
from deploy_pipeline.rollout.function_traffic import FunctionTraffic
from deploy_pipeline.rollout.service_colours import running
from deploy_pipeline.rollout.service_health import ServiceHealth


class RollbackConfig(dg.Config):
    """Where to go back to, with what, and why."""

    to: str = Field(default="", description="Name of the release that is to serve again; empty: the one before.")
    only: list[str] = Field(
        default=[], description="Parts that go back: functions, services, terraform. Empty: the first two."
    )
    reason: str = Field(default="", description="Why: people are told.")
    instead_of: str = Field(
        default="", description="Go back only while this release is live: another one was not meant."
    )


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "s3"})
@stage
def resolve_rollback(
    context: dg.OpExecutionContext,
    config: RollbackConfig,
    home_spec: dg.ResourceParam[Spec],
    hold: dg.ResourceParam[Hold],
) -> Rollback:
    """Find both releases in the ledger, and have the environment for the way back."""
    ledger, only = hold.ledger, parts_of(config.only)
    live = ledger.live()
    if live is None:
        raise DeployError("nothing is live yet", where=home_spec.environment)
    if config.instead_of and config.instead_of != live.release:
        raise DeployError(
            f"{live.release} is live, not {config.instead_of}", where=home_spec.environment,
            todo="look whether going back is still wanted; name what is live in `instead_of`, or nothing",
        )  # fmt: skip
    rollback = Rollback(live, target_of(ledger, live, config.to, only), only, config.reason)
    rollback.check()
    commit = rollback.done((), ()).candidate.commit
    context.instance.add_run_tags(context.run_id, run_tags.commit_tags(commit, home_spec.environment))
    with begun_later(context):
        hold.begin(commit, kind="rollback", undoes=live.release)
    head = ledger.head().head.live
    if head is None or head.release != live.release:
        raise DeployError(
            f"{live.release} was live, and is not any more", where=home_spec.environment,
            todo="another run ended meanwhile: look at what is live now, and roll that back if it has to be",
        )  # fmt: skip
    context.add_output_metadata(waiting_facts(hold) | {
        "from": live.release, "to": rollback.target.release, "only": ", ".join(only),
        "functions": ", ".join(each.name for each, _ in rollback.functions) or "none has to move",
        "services": ", ".join(each.name for each, _ in rollback.services) or "none has to move",
        "stays as it is": ", ".join(rollback.kept) or "nothing",
    })  # fmt: skip
    return rollback


def target_of(ledger: Ledger, live: Deployed, name: str, only: tuple[Part, ...]) -> Deployed:
    """What the release put in place that is to serve again. Raises DeployError where the ledger does not know it.

    A rollback left the infrastructure as it was: for Terraform, its release stands for no commit's files.
    """
    wanted = name or before(ledger, live)
    found, record = ledger.deployed(wanted), ledger.deployment(wanted)
    if found is None or record is None or record.outcome != "live":
        raise DeployError(
            f"the ledger has no release {wanted} that was live", where=ledger.environment,
            todo="`deploy-pipeline status --releases 20` shows the names",
        )  # fmt: skip
    its = ledger.release(wanted)
    if "terraform" in only and its and its.restores:
        raise DeployError(
            f"{wanted} is a rollback, which has no infrastructure of its own", where=ledger.environment,
            todo=f"name the release whose stacks are wanted, such as {its.restores}, with `to`",
        )  # fmt: skip
    return found


def before(ledger: Ledger, live: Deployed) -> str:
    """The release before the live one. Raises DeployError where there is none."""
    manifest = ledger.release(live.release)
    if manifest is None:
        raise DeployError("its manifest is missing", where=ledger.release_key(live.release), todo="name one with `to`")
    name = previous(manifest, ledger.release)
    if not name:
        raise DeployError(
            f"there is no release before {live.release}", where=ledger.environment, todo="name one with `to`"
        )
    return name


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "lambda"})
@stage
def roll_back_functions(
    context: dg.OpExecutionContext,
    rollback: Rollback,
    planned: list[PlannedStack],  # not read: nothing moves before all of it may
    functions: dg.ResourceParam[Functions],
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    web: dg.ResourceParam[Web],
    clock: dg.ResourceParam[Clock],
    hold: dg.ResourceParam[Hold],
) -> list[DeployedFunction]:
    """Point every alias at its earlier version. What somebody else has moved, a service too, ends it before that."""
    hold.check()
    refuse_moved_services(rollback, ServiceHealth(services, load_balancers, web, clock, context.log.info))
    moves = [way_back(functions, live, earlier) for live, earlier in rollback.functions]
    hold.move_functions([FunctionMove(m.name, m.function_name, m.alias, m.stable, m.version) for m in moves])
    FunctionTraffic(hold.fenced(functions), moves).promote()
    context.add_output_metadata({move.name: f"version {move.version}, was {move.stable}" for move in moves})
    return [replace(earlier, previous_version=live.version) for live, earlier in rollback.functions]


def refuse_moved_services(rollback: Rollback, health: ServiceHealth) -> None:
    """Raise DeployError for a service whose users are served by neither release: that is not our doing."""
    for live, earlier in rollback.services:
        now = running(health, rollback.live.candidate.spec.services[live.name])
        if now not in {live.task_definition, earlier.task_definition}:
            raise DeployError(
                f"it runs {now}, not {live.task_definition}", where=live.service,
                todo="somebody else has moved it: nothing was rolled back",
            )  # fmt: skip


def way_back(functions: Functions, live: DeployedFunction, earlier: DeployedFunction) -> PublishedFunction:
    """The function between its two versions, as its alias is now. Raises DeployError where that is not our doing."""
    now = functions.alias(live.function_name, live.alias)
    if not {now.version, *now.routing} <= {live.version, earlier.version}:
        raise DeployError(
            f"the alias serves version {now.version}, not {live.version}", where=f"{live.function_name}:{live.alias}",
            todo="somebody else has moved it: nothing was rolled back",
        )  # fmt: skip
    return PublishedFunction(
        live.name, live.function_name, live.alias, earlier.version, live.version, now.revision_id, earlier.code_sha256
    )


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "ecs"})
@stage
def roll_back_services(
    context: dg.OpExecutionContext,
    rollback: Rollback,
    moved_functions: list[DeployedFunction],  # not read: services go back after functions
    services: dg.ResourceParam[Services],
    load_balancers: dg.ResourceParam[LoadBalancers],
    web: dg.ResourceParam[Web],
    clock: dg.ResourceParam[Clock],
    hold: dg.ResourceParam[Hold],
) -> list[DeployedService]:
    """Have every service run its earlier task definition, by the way that the spec gives it, and without a bake."""
    health = ServiceHealth(hold.fenced(services), hold.fenced(load_balancers), web, clock, context.log.info)
    done = []
    for live, earlier in rollback.services:
        deployment = deployment_of(rollback, live.name)
        target = TaskDefinition(earlier.task_definition, {})
        moved = ServiceRollout(deployment, health, clock, moving(hold, deployment, target.arn)).run(target)
        done.append(replace(moved, image=earlier.image, work=earlier.work))
    context.add_output_metadata({each.name: each.task_definition for each in done})
    return done


def deployment_of(rollback: Rollback, name: str) -> ServiceDeployment:
    """The service where it is now, to be tried by the rules of the release that it comes from, without a bake."""
    earlier, place = rollback.target.candidate.only(service=name), rollback.live.candidate.spec.services[name]
    spec, was = earlier.spec, earlier.spec.services[name]
    at_once = spec.rollout.model_copy(update={"services": spec.rollout.services.model_copy(update={"bake_minutes": 0})})
    service = place.model_copy(update={"port": was.port, "health_path": was.health_path, "image": was.image})
    changes = {"rollout": at_once, "services": FrozenDict({name: service})}
    candidate = replace(earlier, spec=spec.model_copy(update=changes))
    image = next(each for each in rollback.target.images if each.name == was.image)
    return ServiceDeployment(candidate, name, image)
