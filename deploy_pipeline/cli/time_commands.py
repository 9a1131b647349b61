"""`deploy-pipeline time`: where the time of a run went, from Dagster's record of it. Dagster need not be running."""

import json
from pathlib import Path

import click
import dagster as dg
from rich.console import Console
from rich.table import Table

from deploy_pipeline.cli.demo_report import console
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.run_time import Account, account_of
from deploy_pipeline.core.run_time_words import path_rows, plain, reused_rows, summary
from deploy_pipeline.gateways.run_log import run_facts

SETTINGS = "dagster.yaml"
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@click.command()
@click.argument("run_id", required=False)
@click.option("--home", type=click.Path(path_type=Path), default=Path(".dagster_home"), envvar="DAGSTER_HOME",
              show_default=True, help="Folder of the Dagster instance (DAGSTER_HOME).")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def time(run_id: str | None, home: Path, as_json: bool) -> None:
    """Show where the time of a run went: its critical path, waiting and working, and what was reused.

    Without RUN_ID, of the newest run that has ended.
    """
    account = account_in(home, run_id)
    if as_json:
        click.echo(json.dumps(plain(account), indent=2))
    else:
        show_account(account, console())


def account_in(home: Path, run_id: str | None) -> Account:
    """The account of a run of the instance in `home`; None is the newest one that has ended."""
    if not (home / SETTINGS).is_file():
        raise DeployError("no Dagster instance here", where=str(home), todo="give its folder with --home")
    with dg.DagsterInstance.from_config(str(home.resolve())) as instance:
        return account_of(run_facts(instance, run_id or newest(instance, home)))


def newest(instance: dg.DagsterInstance, home: Path) -> str:
    """The id of the newest run that has ended."""
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=ENDED), limit=1)
    if not runs:
        raise DeployError("no run has ended yet", where=str(home))
    return runs[0].run_id


def show_account(account: Account, console: Console) -> None:
    """The account as one sentence, the critical path and what was reused."""
    facts = account.facts
    console.print(f"{facts.job} {facts.run_id} {facts.status}\n{summary(account)}", markup=False, highlight=False)
    show_rows("From its creation to its end", path_rows(account), console)
    if account.reused:
        show_rows("Reused", reused_rows(account), console)


def show_rows(title: str, rows: list[dict[str, str | float]], console: Console) -> None:
    """A table of rows with the same names."""
    table = Table(title=title, title_justify="left")
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold", justify="right" if isinstance(rows[0][name], float) else "left")
    for row in rows:
        table.add_row(*(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()))
    console.print(table, markup=False)
