"""`deploy-pipeline approvals`, `approve` and `reject`: what waits for a person."""

import getpass
import json
import os

import click

from deploy_pipeline.composition import gateways_of
from deploy_pipeline.core.ledger.approval import Approval, Decision, now_of
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.ops.decide import write_decision

REASON = click.option("--reason", required=True, help="Why; it stays in the ledger.")
BY = click.option("--by", default=getpass.getuser, help="Who decides; by default, who runs this.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def approvals(as_json: bool) -> None:
    """Show what waits for a person, and what was decided in the last month."""
    gateways = gateways_of(os.environ)
    now = gateways.clock().now()
    found = [
        now_of(each, now) for each in Ledger.of(gateways.object_store(), gateways.home_spec()).approvals().values()
    ]
    if as_json:
        click.echo(json.dumps([plain(each) for each in found], indent=2))
        return
    for each in found:
        stands = f"{each.decision} by {each.by}: {each.reason}" if each.decision else f"waits until {each.until:%F %R}"
        lines = (f"{each.id}  {each.commit.title}", f"  {each.why}", *(f"    {line}" for line in each.shows))
        click.echo("\n".join((*lines, f"  {stands}")))
    if not found:
        click.echo("nothing waits for a person")


def plain(approval: Approval) -> dict[str, str | list[str] | None]:
    """For scripts; times are ISO 8601."""
    return {
        "id": approval.id, "commit": approval.commit.sha, "title": approval.commit.title, "why": approval.why,
        "shows": list(approval.shows),
        "asked_at": approval.asked_at.isoformat(), "until": approval.until.isoformat(),
        "decision": approval.decision, "by": approval.by, "reason": approval.reason,
    }  # fmt: skip


@click.command()
@click.argument("approval")
@REASON
@BY
def approve(approval: str, reason: str, by: str) -> None:
    """Grant APPROVAL: it is deployed as soon as the service sees it."""
    decide(approval, "granted", by, reason)


@click.command()
@click.argument("approval")
@REASON
@BY
def reject(approval: str, reason: str, by: str) -> None:
    """Refuse APPROVAL: it is not deployed."""
    decide(approval, "refused", by, reason)


def decide(approval: str, decision: Decision, by: str, reason: str) -> None:
    """Write the decision into the ledger."""
    gateways = gateways_of(os.environ)
    ledger = Ledger.of(gateways.object_store(), gateways.home_spec())
    write_decision(ledger, gateways.clock(), approval, decision, by, reason)
    click.echo(f"{approval} is {decision}, by {by}")
