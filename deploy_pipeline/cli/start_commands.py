"""`deploy-pipeline start`: Dagster's web server and daemon in the foreground, until Ctrl-C."""

import time
from pathlib import Path

import click

from deploy_pipeline.cli.dagster_processes import DEFAULT_PORT, GRACE_SECONDS, free_port, say, start_dagster
from deploy_pipeline.cli.instance_folder import require_project
from deploy_pipeline.core.errors import DeployError


@click.command()
@click.option("--home", type=click.Path(path_type=Path), default=Path(".dagster_home"), envvar="DAGSTER_HOME",
              show_default=True, help="Folder of the Dagster instance (DAGSTER_HOME).")  # fmt: skip
@click.option(
    "--port", type=int, default=DEFAULT_PORT, show_default=True, help="Preferred port of the UI, on loopback."
)
def start(home: Path, port: int) -> None:
    """Run the pipeline: the Dagster UI, the sensors and the schedules. Stop with Ctrl-C.

    Accounts and addresses come from the environment; `deploy-pipeline doctor` checks them. A run that is going when
    you stop is interrupted, and has five minutes to end in order.
    """
    project = Path.cwd()
    require_project(project)
    processes = start_dagster(project, home.resolve(), free_port(port), {})
    try:
        click.echo(f"Dagster UI: {processes.url} (loopback only: put a proxy with a login before it to share it)")
        while not (trouble := processes.mend()):
            time.sleep(1)
        raise DeployError(trouble)
    finally:
        say("stopping Dagster")
        processes.stop(GRACE_SECONDS)
