"""A running Dagster with the benchmark's code location, asked over GraphQL as a browser does."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from deploy_pipeline.cli.dagster_api import DagsterApi
from deploy_pipeline.cli.dagster_processes import free_port, start_dagster
from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline.core.errors import DeployError

PROJECT = Path(__file__).parents[1]
READY_SECONDS = 120.0
RUN_SECONDS = 1800.0
POLL_SECONDS = 0.25
SUCCESS = "SUCCESS"
ENDED = frozenset({SUCCESS, "FAILURE", "CANCELED"})
FAILED = frozenset({"STEP_FAILURE", "RUN_FAILURE"})
LAUNCH = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
RUN = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status startTime endTime } } }"
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus
  locationOrLoadError { __typename ... on PythonError { message } } } } } }"""


@dataclass(frozen=True)
class Launched:
    """A run that ended: when it was asked for (Unix time), and the seconds from then to its end and to its start."""

    run_id: str
    began: float
    seconds: float
    to_start: float
    status: str


@dataclass(frozen=True)
class Service:
    """Launches runs of `repository` in `location`; `home` is the folder of the instance."""

    api: DagsterApi
    home: Path
    location: str
    repository: str

    def run(
        self, job: str, config: Mapping[str, Any] | None = None, look: Callable[[str], None] | None = None
    ) -> Launched:
        """As `until_ended`. Raises DeployError unless the run succeeds."""
        done = self.until_ended(job, config, look)
        if done.status != SUCCESS:
            raise DeployError(f"{done.status}: {self.why(done.run_id)}", where=f"{job}, run {done.run_id}")
        return done

    def until_ended(
        self,
        job: str,
        config: Mapping[str, Any] | None = None,
        look: Callable[[str], None] | None = None,
        every: float = POLL_SECONDS,
    ) -> Launched:
        """Launch a job and wait for its end.

        `look` is called with the run's id once in `every` seconds. The end is the one that Dagster has recorded: asking
        for it more often would slow the run down.
        """
        selector = {"repositoryName": self.repository, "repositoryLocationName": self.location, "jobName": job}
        parameters = {"selector": selector, "runConfigData": dict(config or {})}
        began = time.time()
        answer = self.api.ask(LAUNCH, parameters=parameters)["launchRun"]
        if "run" not in answer:
            raise DeployError(f"{answer['__typename']}: {answer.get('message', '')}", where=job)
        run_id = answer["run"]["runId"]
        ended = self._ended(run_id, look or (lambda _: None), every)
        return Launched(run_id, began, ended["endTime"] - began, ended["startTime"] - began, ended["status"])

    def _ended(self, run_id: str, look: Callable[[str], None], every: float) -> dict[str, Any]:
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            time.sleep(every)
            look(run_id)
            found: dict[str, Any] = self.api.ask(RUN, run=run_id)["runOrError"]
            if found.get("status") in ENDED:
                return found
        raise DeployError(f"the run did not end within {RUN_SECONDS:.0f} s", where=run_id)

    def why(self, run_id: str) -> str:
        """What the failed steps of a run say."""
        events, _ = self.api.events(run_id, None)
        return "\n".join(f"{event.step}: {event.message}" for event in events if event.kind in FAILED)

    def instance(self) -> dg.DagsterInstance:
        """The instance, to be closed by the caller."""
        return dg.DagsterInstance.from_config(str(self.home))

    def metadata(self, run_id: str, name: str) -> float:
        """A number that a step of the run has recorded with its output."""
        with self.instance() as instance:
            for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_OUTPUT):
                event = entry.dagster_event
                if event is not None and name in event.step_output_data.metadata:
                    return float(str(event.step_output_data.metadata[name].value))
        raise DeployError(f"no step recorded {name}", where=run_id)


@contextmanager
def service(folder: Path, environment: Mapping[str, str]) -> Iterator[Service]:
    """Start Dagster in `folder` with the project's settings, for the jobs of `engine_jobs`; stop it in the end."""
    location = "engine"
    entry = {"module_name": "benchmarks.engine_jobs", "location_name": location, "working_directory": str(PROJECT)}
    workspace = "load_from:\n  - python_module:\n" + "".join(f"      {key}: {value}\n" for key, value in entry.items())
    (folder / "workspace.yaml").write_text(workspace)
    (folder / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    own = {**environment, "DEPLOY_PIPELINE_SPEC": str(PROJECT / "deploy.yaml"), "PYTHONPATH": str(PROJECT)}
    dagster = start_dagster(folder, folder / "dagster", free_port(0), own)
    try:
        api = DagsterApi(dagster.url)
        wait_for(lambda: loaded(api), READY_SECONDS, "the code location was not loaded")
        yield Service(api, folder / "dagster", location, "engine")
    finally:
        dagster.stop()


def loaded(api: DagsterApi) -> bool | None:
    """Whether the web server has the code location. Raises DeployError when it cannot be loaded."""
    entries = api.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
    for entry in entries:
        if (entry.get("locationOrLoadError") or {}).get("__typename") == "PythonError":
            raise DeployError(entry["locationOrLoadError"]["message"], where="code location")
    return True if entries and all(entry["loadStatus"] == "LOADED" for entry in entries) else None


def of_dagster(home: Path) -> dict[str, str]:
    """The environment of a `dagster` command for the instance in `home`."""
    return {**os.environ, "DAGSTER_HOME": str(home), "PYTHONPATH": str(PROJECT)}
