"""A person's decision on something that waits or bakes, from the Launchpad and from the command line."""

from typing import Literal

import dagster as dg
from pydantic import Field

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Decision, decided
from deploy_pipeline.core.ledger.deployment import Deployment, Said, Word
from deploy_pipeline.core.ledger.word import NAMES, in_words, said
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import IDEMPOTENT


class DecideConfig(dg.Config):
    """What is decided, by whom, and why."""

    approval: str = Field(description="Name of what waits, as the held deployment says it.")
    grant: bool = Field(description="true: it is deployed; false: it never is.")
    by: str = Field(description="Who decides.")
    reason: str = Field(description="Why.")


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "s3"})
@stage
def decide(
    context: dg.OpExecutionContext,
    config: DecideConfig,
    home_spec: dg.ResourceParam[Spec],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> str:
    """Write the decision into the ledger; what was granted is deployed by `approval_sensor`."""
    decision: Decision = "granted" if config.grant else "refused"
    write_decision(Ledger.of(object_store, home_spec), clock, config.approval, decision, config.by, config.reason)
    context.add_output_metadata({"approval": config.approval, "decision": decision, "by": config.by})
    return decision


def write_decision(ledger: Ledger, clock: Clock, name: str, decision: Decision, by: str, reason: str) -> None:
    """Write a person's decision. Raises DeployError where nothing waits, or nobody says who decides and why."""
    if not (by.strip() and reason.strip()):
        raise DeployError("a decision needs a name and a reason", where=name, todo="say who decides, and why")
    ledger.change_approvals(lambda found: decided(found, name, decision, by=by, reason=reason, now=clock.now()))


class DecideRolloutConfig(dg.Config):
    """What is decided of the rollout that bakes, by whom, and why."""

    decision: Literal["promote", "roll-back"] = Field(description="What is done at once.")
    run: str = Field(default="", description="The run that deploys; without it, the one that does now.")
    by: str = Field(description="Who decides.")
    reason: str = Field(description="Why.")


@dg.op(retry_policy=IDEMPOTENT, tags={"dagster/kind": "s3"})
@stage
def decide_rollout(
    context: dg.OpExecutionContext,
    config: DecideRolloutConfig,
    home_spec: dg.ResourceParam[Spec],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> str:
    """Write the word into the ledger, where the bake hears it within seconds."""
    ledger = Ledger.of(object_store, home_spec)
    deployment, word = say_word(ledger, clock, config.run, NAMES[config.decision], config.by, config.reason)
    context.add_output_metadata({"deployment": deployment.id, "decided": in_words(word), "ends": ", ".join(word.bakes)})
    return config.decision


def say_word(ledger: Ledger, clock: Clock, run_id: str, what: Said, by: str, reason: str) -> tuple[Deployment, Word]:
    """Say what is to become of all that bakes in a run ("": the one that changes the environment), at once.

    Returns what it was said of. Raises DeployError where nothing bakes, or somebody has decided already.
    """
    lease = ledger.head().head.lease
    if lease is None or run_id not in ("", lease.run_id):
        other = f"; {lease.deployment} (run {lease.run_id}) is being deployed" if lease else ""
        raise DeployError(
            f"{f'run {run_id} deploys nothing' if run_id else 'nothing is being deployed'} now{other}",
            where=ledger.environment, todo="it is decided while it bakes; `deploy-pipeline rollback` goes back",
        )  # fmt: skip
    now = clock.now()
    changed = ledger.change_deployment(lease.deployment, lambda found: said(found, what, by=by, reason=reason, now=now))
    return changed, changed.words[-1]
