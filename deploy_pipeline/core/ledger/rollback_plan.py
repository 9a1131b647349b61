"""Applying an earlier configuration again: which of a plan's changes are safe, and which a person decides.

Pure. Addresses and kinds only, never values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from deploy_pipeline.core.candidate import PlannedStack
from deploy_pipeline.core.content_key import key_of
from deploy_pipeline.core.terraform_plan import DESTRUCTIVE, ResourceChange

Danger = Literal["safe", "replaces", "destroys data", "irreversible"]

IRREVERSIBLE: Mapping[str, str] = {
    "aws_acm_certificate": "a new one has to be validated again",
    "aws_backup_vault": "its recovery points go with it",
    "aws_cognito_user_pool": "its users and their passwords go with it",
    "aws_db_instance": "its data goes with it",
    "aws_docdb_cluster": "its data goes with it",
    "aws_dynamodb_table": "its data goes with it",
    "aws_efs_file_system": "its files go with it",
    "aws_iam_access_key": "the secret of a new one is another one",
    "aws_kms_key": "what it has encrypted cannot be read any more",
    "aws_neptune_cluster": "its data goes with it",
    "aws_rds_cluster": "its data goes with it",
    "aws_redshift_cluster": "its data goes with it",
    "aws_route53_zone": "a new one has other name servers",
    "aws_s3_bucket": "its objects go with it, and its name may be taken by others",
    "aws_secretsmanager_secret": "its value goes with it, and its name is blocked for days",
}
"""Types of which AWS gives nothing back, and why."""
FORGOTTEN = "Terraform forgets it, and does not find it again by itself"


@dataclass(frozen=True)
class Classified:
    """One change of a stack. `why` is why AWS or Terraform does not take it back; "" for all others."""

    stack: str
    change: ResourceChange
    danger: Danger
    why: str = ""

    @property
    def line(self) -> str:
        """The change as people read it."""
        return f"{self.stack}: {self.danger}: {self.change.kind} {self.change.address}" + (self.why and f": {self.why}")


def classified(stack: str, change: ResourceChange, protected: Sequence[str]) -> Classified:
    """How dangerous a change is. Without data, what is destroyed can be made again from its configuration."""
    if "forget" in change.actions:
        return Classified(stack, change, "irreversible", FORGOTTEN)
    if change.kind not in DESTRUCTIVE:
        return Classified(stack, change, "safe")
    if change.type in IRREVERSIBLE:
        return Classified(stack, change, "irreversible", IRREVERSIBLE[change.type])
    if change.type in protected:
        return Classified(stack, change, "destroys data")
    return Classified(stack, change, "replaces" if change.kind == "replace" else "safe")


def all_classified(planned: Iterable[PlannedStack], protected: Sequence[str]) -> tuple[Classified, ...]:
    """Every change of all stacks that have something to apply."""
    return tuple(
        classified(plan.name, change, protected)
        for plan in planned
        if plan.applyable and not plan.taken
        for change in plan.changes
    )


def rollback_plan_id(live: str, target: str, only: Sequence[str], planned: Iterable[PlannedStack]) -> str:
    """The name of an approval: for just this way back, with just these plans."""
    plans = sorted((each.name, each.plan_digest, each.applyable) for each in planned)
    digest = key_of("way back", live=live, target=target, only=list(only), plans=plans).value
    return f"rollback-{target}-{digest[:12]}"
