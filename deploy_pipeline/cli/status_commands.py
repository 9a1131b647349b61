"""`deploy-pipeline status`: what serves, who changes it, and what waits, from the ledger. Nothing is changed."""

import json
import os

import click
from pydantic import TypeAdapter
from rich.table import Table

from deploy_pipeline.cli.demo_report import console
from deploy_pipeline.composition import gateways_of
from deploy_pipeline.core.ledger.overview import Overview, in_words, release_rows
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.ledger.overview import overview_of

_OVERVIEW = TypeAdapter(Overview)


@click.command()
@click.option("--releases", "most", type=click.IntRange(1), default=5, show_default=True,
              help="How many releases are shown, the newest first: names for `rollback --to`.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status(most: int, as_json: bool) -> None:
    """Show what serves, which run may change it now, what waits for a person, and the releases before.

    Reads the ledger bucket and changes nothing; the service need not run.
    """
    gateways = gateways_of(os.environ)
    ledger = Ledger.of(gateways.object_store(), gateways.home_spec())
    overview = overview_of(ledger, gateways.clock().now(), gateways.lease_limit().seconds, most)
    if as_json:
        click.echo(json.dumps(_OVERVIEW.dump_python(overview, mode="json"), indent=2))
    else:
        show(overview)


def show(overview: Overview) -> None:
    """For people."""
    found = console()
    found.print(overview.environment, style="bold", markup=False, highlight=False)
    lines = Table.grid(padding=(0, 2))
    for name, said in in_words(overview):
        lines.add_row(name, said)
    found.print(lines, markup=False, highlight=False)
    if overview.releases:
        table = Table(title="Releases", title_justify="left")
        for column in ("name", "since", "what"):
            table.add_column(column, overflow="fold")
        for row in release_rows(overview.releases):
            table.add_row(*row)
        found.print(table, markup=False)
