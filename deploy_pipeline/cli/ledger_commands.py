"""`deploy-pipeline rollback` and `deploy-pipeline reconcile`: going back, and settling what a dead run has left."""

import json
import os
import uuid
from pathlib import Path

import click

from deploy_pipeline.cli.run_commands import end_with, executed
from deploy_pipeline.composition import gateways_of
from deploy_pipeline.core.ledger.rollback import parts_of
from deploy_pipeline.jobs.rollback import rollback_job

HOME = click.option("--home", type=click.Path(path_type=Path), default=Path(".dagster_home"), envvar="DAGSTER_HOME",
                    show_default=True, help="Folder of the Dagster instance (DAGSTER_HOME).")  # fmt: skip
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print how it ended as JSON.")


@click.command()
@click.option("--to", default="", help="Name of the release that is to serve again; without it, the one before.")
@click.option(
    "--only", default="", help="Parts that go back, of functions,services,terraform; without it, the first two."
)
@HOME
@AS_JSON
def rollback(to: str, only: str, home: Path, as_json: bool) -> None:
    """Have an earlier release serve again, here and now: the service need not run.

    It is refused while a deployment goes on: cancel that one, which returns the traffic by itself. Exit code 1 when it
    fails; what served before the rollback serves then. With terraform, every stack is planned first with the earlier
    configuration: a plan that replaces something, or loses something for good, waits for `deploy-pipeline approve`.
    """
    parts_of([only])  # refused before anything is loaded
    config = {"ops": {"resolve_rollback": {"config": {"to": to, "only": [only] if only else []}}}}
    end_with(executed(rollback_job.name, config, home), as_json)


@click.command()
@click.option("--give-up", "reason", default="", metavar="REASON", help="Leave everything as it is, for this reason: "
              "for what cannot be returned, once you have seen to it.")  # fmt: skip
@AS_JSON
def reconcile(reason: str, as_json: bool) -> None:
    """Settle what a dead run has left behind: what is live is finished, anything else is undone.

    The service does it by itself; this is for a night when it does not run. Refused while the run gives signs of life.
    """
    gateways = gateways_of(os.environ)
    run_id = f"by-hand-{uuid.uuid4().hex[:8]}"
    hold = gateways.hold(gateways.object_store(), run_id, lambda line: click.echo(line, err=True))
    try:
        settled = hold.give_up(reason) if reason else hold.take_over()
    finally:
        hold.close("failed")
    if as_json:
        found = {"deployment": settled.id, "outcome": settled.outcome, "reason": settled.reason} if settled else {}
        click.echo(json.dumps(found))
    else:
        said = f"{settled.id}: {settled.outcome}, {settled.reason}" if settled else "nothing was left behind"
        click.echo(said)
