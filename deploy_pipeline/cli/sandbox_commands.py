"""`deploy-pipeline sandbox`: bring the sandbox up, look at it, point a shell at it, take it down. Words only."""

import json
import shlex
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.health import SandboxStatus
from deploy_pipeline.sandbox.sandbox import DEFAULT_HOME, down, prepare, status, up

FOLDER = click.Path(file_okay=False, path_type=Path)
home_option = click.option(
    "--home", type=FOLDER, default=DEFAULT_HOME, show_default=True, help="The folder that holds the sandbox."
)
source_option = click.option(
    "--source", type=FOLDER, default=Path(), show_default=True, help="The repository to deploy (with deploy.yaml)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


@click.group()
def sandbox() -> None:
    """AWS, GitHub and Slack for trying the pipeline out, all on this machine."""


@sandbox.command("prepare")
@home_option
@source_option
def prepare_command(home: Path, source: Path) -> None:
    """Install what the sandbox needs, and start no server of it: for machines that run the tests."""
    console = Console()
    machine = prepare(home, source, lambda line: console.print(escape(line), highlight=False, soft_wrap=True))
    console.print(f"Ready: Terraform {machine.terraform.version}, {machine.trivy}, {machine.toolbox}", soft_wrap=True)


@sandbox.command("up")
@home_option
@source_option
def up_command(home: Path, source: Path) -> None:
    """Bring the sandbox up, or mend one of which a part has died.

    Installs what is missing where it can: Docker Engine (Debian, as root), Terraform, MiniStack and Trivy.
    """
    console = Console()
    state = up(home, source, lambda line: console.print(escape(line), highlight=False, soft_wrap=True))
    _print_status(console, status(home))
    console.print(
        f'\nPoint a shell at it:  eval "$(deploy-pipeline sandbox env --home {shlex.quote(str(state.home))})"'
    )


@sandbox.command("status")
@home_option
@json_option
def status_command(home: Path, as_json: bool) -> None:
    """Say how the sandbox is. Exit code 0 only when all of it works."""
    found = status(home)
    if as_json:
        click.echo(json.dumps(status_document(found), indent=2))
    else:
        _print_status(Console(), found)
    if not found.works:
        raise SystemExit(1)


@sandbox.command("env")
@home_option
def env_command(home: Path) -> None:
    """Print shell commands that point the pipeline at the sandbox."""
    state = status(home).state
    if state is None:
        raise DeployError("there is no sandbox", where=str(home), todo="run `deploy-pipeline sandbox up`")
    for name, value in sorted(state.env.items()):
        click.echo(f"export {name}={shlex.quote(value)}")


@sandbox.command("down")
@home_option
@click.option(
    "--purge", is_flag=True, help="Also remove its images, base images made here, its folder, and its engine."
)
def down_command(home: Path, purge: bool) -> None:
    """Stop all servers and containers of the sandbox.

    The repository and the logs stay in its folder, and a Docker engine that was started for it keeps running;
    --purge removes them too. What others run in the engine is never touched.
    """
    console = Console()
    down(home, lambda line: console.print(escape(line), highlight=False, soft_wrap=True), purge=purge)
    console.print("The sandbox is down.")


def status_document(found: SandboxStatus) -> dict[str, object]:
    """The status for other programs. No token is in it."""
    state = found.state
    return {
        "works": found.works,
        "home": str(state.home) if state else None,
        "started": state.started.isoformat() if state else None,
        "commit": state.commit if state else None,
        "versions": state.versions if state else {},
        "servers": [
            {"name": part.name, "works": part.works, "pid": part.pid, "address": part.address, "problem": part.problem}
            for part in found.components
        ],
    }


def _print_status(console: Console, found: SandboxStatus) -> None:
    if found.state is None:
        console.print("There is no sandbox: run `deploy-pipeline sandbox up`.")
        return
    table = Table("", "server", "address", "pid", "state", box=None, pad_edge=False)
    for part in found.components:
        mark, word = ("[green]✓[/]", "works") if part.works else ("[red]✗[/]", part.problem)
        table.add_row(mark, part.name, part.address, str(part.pid), word)
    console.print(table)
    console.print(", ".join(f"{name} {version}" for name, version in found.state.versions.items()), soft_wrap=True)
    if not found.works:
        console.print("Run `deploy-pipeline sandbox up` to mend it.")
