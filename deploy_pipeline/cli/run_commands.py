"""`deploy-pipeline run`: one run of a job in this process, without the service, its queue or its sensors."""

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import dagster as dg

from deploy_pipeline.cli.instance_folder import give_settings, require_project
from deploy_pipeline.cli.lazy_group import importing
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sensors.lost_runs import is_gone
from deploy_pipeline.warm.migrations import remember_migrations
from deploy_pipeline.warm.worker_tag import here

DEFINITIONS = "deploy_pipeline.definitions"
EXIT_CODES = {"succeeded": 0, "failed": 1, "interrupted": 130}
GOING = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


@click.command()
@click.argument("job")
@click.option("--config", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="YAML or JSON file with the run's configuration, as in the Launchpad.")  # fmt: skip
@click.option("--home", type=click.Path(path_type=Path), default=Path(".dagster_home"), envvar="DAGSTER_HOME",
              show_default=True, help="Folder of the Dagster instance (DAGSTER_HOME).")  # fmt: skip
@click.option("-m", "--module", default=DEFINITIONS, show_default=True, help="Python module that defines the job.")
@click.option("--json", "as_json", is_flag=True, help="Print how it ended as JSON; the log goes to standard error.")
def run(job: str, config: Path | None, home: Path, module: str, as_json: bool) -> None:
    """Run JOB here and now: for a machine without the service, a script, or a night when the UI is away.

    The run is recorded as any other, and seen in the UI. It does not wait in the queue: while another run of the job
    goes on, this one is refused. Exit code 1 when the run fails, 130 when it is interrupted.
    """
    require_project(Path.cwd())
    end_with(executed(job, read_config(config), home, module), as_json)


def executed(job: str, settings: dict[str, Any], home: Path, module: str = DEFINITIONS) -> dg.JobExecutionResult:
    """One run of a job in this process. Raises DeployError where it cannot begin."""
    project = Path.cwd()
    require_project(project)
    remember_migrations()
    with importing():
        wanted = reconstructable(module, job)
        instance = opened(project, home.resolve())
    with instance:
        refuse_a_second(instance, job)
        return dg.execute_job(wanted, instance, run_config=settings, tags=here(), raise_on_error=False)


def end_with(done: dg.JobExecutionResult, as_json: bool) -> None:
    """Say how a run ended, and end with its exit code."""
    show(done, as_json)
    raise click.exceptions.Exit(EXIT_CODES[outcome(done)])


def read_config(file: Path | None) -> dict[str, Any]:
    """A run's configuration; empty without a file. Raises DeployError where the file holds none."""
    if file is None:
        return {}
    from ruamel.yaml import YAML  # noqa: PLC0415 - most runs need none of it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        found = YAML(typ="safe").load(file.read_text())
    except (YAMLError, UnicodeDecodeError) as error:
        raise DeployError(f"is not YAML: {error}", where=str(file)) from error
    if not isinstance(found, Mapping):
        raise DeployError("is not a run's configuration", where=str(file), todo="begin with `ops:` or `resources:`")
    return dict(found)


def reconstructable(module: str, job: str) -> Any:
    """The job in the form that Dagster executes. Raises DeployError where there is none of that name."""
    sys.path.insert(0, str(Path.cwd()))  # as `dagster` does: a project's own modules lie in its folder
    job_of(module, job)
    return dg.build_reconstructable_job(__name__, "job_of", reconstructable_kwargs={"module": module, "job": job})


def job_of(module: str, job: str) -> dg.JobDefinition:
    """A job by its name, from the first definitions or repository of a module."""
    names: list[str] = []
    for value in vars(loaded(module)).values():
        found = value.get_repository_def() if isinstance(value, dg.Definitions) else value
        if isinstance(found, dg.RepositoryDefinition):
            names = [name for name in found.job_names if not name.startswith("__")]
            if job in names:
                return found.get_job(job)
    raise DeployError(f"there is no job {job}", where=module, todo=f"one of: {', '.join(names) or 'none is defined'}")


def loaded(module: str) -> ModuleType:
    """A module by its name. Raises DeployError where there is none; an error inside of it is its own."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise DeployError("there is no such module", where=module, todo="run this in the project's folder") from error


def opened(project: Path, home: Path) -> dg.DagsterInstance:
    """The instance in `home`, made and given the project's settings where it has none."""
    home.mkdir(parents=True, exist_ok=True)
    give_settings(project, home, lambda words: click.echo(words, err=True))
    return dg.DagsterInstance.from_config(str(home))


def refuse_a_second(instance: dg.DagsterInstance, job: str) -> None:
    """Raise DeployError while another run of the job goes on: beside the queue, nothing else keeps them apart.

    Of one whose process is gone nobody has told Dagster while the service does not run.
    """
    found = instance.get_runs(filters=dg.RunsFilter(job_name=job, statuses=GOING))
    going = [run for run in found if not is_gone(instance, run)]
    if going:
        todo = "wait for it, or end it in the UI"
        raise DeployError(f"run {going[0].run_id} of {job} goes on", where=instance.root_directory, todo=todo)


def outcome(done: dg.JobExecutionResult) -> str:
    """How a run ended. Dagster records an interruption that nobody asked for in the UI as a failure."""
    if done.success:
        return "succeeded"
    if any(event.event_type == dg.DagsterEventType.RUN_CANCELED for event in done.all_events):
        return "interrupted"
    error = next((event.job_failure_data.error for event in done.all_events if event.is_run_failure), None)
    return "interrupted" if error and error.cls_name == "DagsterExecutionInterruptedError" else "failed"


def show(done: dg.JobExecutionResult, as_json: bool) -> None:
    """The run's id, how it ended, and which steps failed."""
    failed = [event.step_key for event in done.all_events if event.is_step_failure]
    if as_json:
        click.echo(json.dumps({"run_id": done.run_id, "outcome": outcome(done), "failed": failed}))
        return
    where = f" in {', '.join(map(str, failed))}" if failed else ""
    click.echo(f"run {done.run_id} {outcome(done)}{where}")
    click.echo(f"`deploy-pipeline time {done.run_id}` shows where its time went")
