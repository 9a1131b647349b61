"""`deploy-pipeline doctor`: is everything there that the pipeline needs? Looks, never changes anything."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from deploy_pipeline.cli.checks import account_checks, machine_checks, project_checks, validation_checks
from deploy_pipeline.cli.checks.check import Ask, Check, Inspected, missing
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline.sandbox.sandbox import DEFAULT_HOME
from deploy_pipeline.settings import settings_from

CHECKS: tuple[Ask, ...] = (
    machine_checks.check_python,
    machine_checks.check_git,
    machine_checks.check_docker,
    machine_checks.check_terraform,
    machine_checks.check_provider,
    machine_checks.check_trivy,
    machine_checks.check_trivy_database,
    machine_checks.check_disk,
    machine_checks.check_ui_port,
    project_checks.check_spec,
    project_checks.check_dagster_home,
    account_checks.check_aws,
    account_checks.check_github,
    account_checks.check_slack,
    validation_checks.check_isolation,
    validation_checks.check_plan_role,
    validation_checks.check_advisories,
    validation_checks.check_tfsec,
    validation_checks.check_infracost,
    validation_checks.check_safety,
    validation_checks.check_codecov,
    project_checks.check_sandbox,
)
MARKS = {"ok": ("✓", "green"), "missing": ("✗", "red"), "skipped": ("–", "yellow")}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_HOME,
    show_default=True,
    help="The folder that holds the sandbox.",
)
def doctor(as_json: bool, home: Path) -> None:
    """Check this machine, the project and the accounts. Exit code 0 when nothing is missing."""
    done = []
    console = Console()
    for check in examine(home):
        done.append(check)
        if not as_json:
            _print(console, check)
    if as_json:
        click.echo(json.dumps([asdict(check) for check in done], indent=2, ensure_ascii=False))
    if any(check.outcome == "missing" for check in done):
        raise SystemExit(1)


def examine(home: Path, checks: Iterable[Ask] = CHECKS) -> Iterator[Check]:
    """Each check's result, as soon as it is known."""
    environment = dict(os.environ)
    try:
        settings = settings_from(environment)
    except DeployError as error:
        yield missing("Settings", error.what, error.todo)
        return
    process = LocalProcess(environment=environment, clock=SystemClock())
    inspected = Inspected(environment, settings, process, home)
    for ask in checks:
        yield ask(inspected)


def _print(console: Console, check: Check) -> None:
    mark, colour = MARKS[check.outcome]
    console.print(Text.assemble((mark, colour), " ", (check.name, "bold"), f"  {check.detail}"), soft_wrap=True)
    if check.todo:
        console.print(Text(f"    {check.todo}", style="red"), soft_wrap=True)
