"""A small application in a sandbox, deployed by the real service through proxies that break what they are told to."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import TypeVar

import boto3
import httpx

from deploy_pipeline.cli.dagster_api import DagsterApi
from deploy_pipeline.cli.dagster_processes import DagsterProcesses, free_port, start_dagster
from deploy_pipeline.cli.demo_commands import run_of, wait_for, watching
from deploy_pipeline.composition import Gateways
from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, deployment_id
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sensors.attempts import MOST_ATTEMPTS
from deploy_pipeline_tests.chaos.clock import WorkerClock
from deploy_pipeline_tests.chaos.commits import AUTHOR, BRANCH, REPOSITORY, changes
from deploy_pipeline_tests.chaos.engine import EngineProxy
from deploy_pipeline_tests.chaos.proxy import Proxy

LEASE_SECONDS = 4
READY_SECONDS, RUN_SECONDS, SETTLED_SECONDS = 120.0, 300.0, 180.0
PID = re.compile(r"\(pid: (\d+)\)")
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
LAUNCH = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } } }"""

T = TypeVar("T")


@dataclass(frozen=True)
class Machine:
    """What the service works with. `small_disks`: its folders are file systems of their own."""

    proxy: Proxy
    engine: EngineProxy
    clock: WorkerClock | None
    small_disks: bool


@dataclass
class Scene:
    """The service that watches the repository, everything that can be broken, and what AWS itself says.

    `launched` are the runs that nobody but us has asked for, `beside` the deployments of commits without the service.
    """

    home: Path
    project: Path
    env: dict[str, str]
    dagster: DagsterProcesses
    machine: Machine
    gateways: Gateways
    ledger: Ledger
    notes: int = 0
    shas: list[str] = field(default_factory=list)
    launched: list[str] = field(default_factory=list)
    beside: list[tuple[str, Popen[bytes]]] = field(default_factory=list)
    daemons: list[Popen[bytes]] = field(default_factory=list)
    rollback: str = ""

    @property
    def api(self) -> DagsterApi:
        """The web server, which may have been started again on another port."""
        return DagsterApi(self.dagster.url)

    def merge(self, *, everything: bool = False) -> str:
        """A new commit on the deployed branch; its SHA."""
        self.notes += 1
        note = f"change {self.notes}"
        repository = repository_path(Layout(self.home).doubles, REPOSITORY)
        sha = commit_on_branch(repository, BRANCH, BRANCH, changes(note, everything=everything), note, AUTHOR)
        self.shas.append(sha)
        return sha

    def launch(self, job: str, config: dict[str, object], tags: dict[str, str]) -> str:
        """Start a run as a person does in the UI; its id."""
        selector = {"repositoryName": "__repository__", "repositoryLocationName": "deploy_pipeline", "jobName": job}
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        parameters = {"selector": selector, "runConfigData": config, "executionMetadata": metadata}
        run_id = str(self.api.ask(LAUNCH, parameters=parameters)["launchRun"]["run"]["runId"])
        self.launched.append(run_id)
        return run_id

    def run_of(self, sha: str) -> str:
        """The run that the sensor started for a commit."""
        return wait_for(lambda: quiet(lambda: run_of(self.api, sha)), RUN_SECONDS, f"no run for {sha}")

    def current(self) -> str:
        """The run that is to be broken: the rollback that goes on, else the newest commit's."""
        return self.rollback or self.run_of(self.shas[-1])

    def ended(self, run_id: str) -> str:
        """How a run ended, in Dagster's words."""
        return wait_for(lambda: quiet(lambda: self._end(run_id)), RUN_SECONDS, f"run {run_id} does not end")

    def over(self, sha: str) -> int | None:
        """How many runs a commit has had, once no other one follows: one that died is begun again a few times.

        One that two daemons have asked for is one run, of which people hear once. One that a person has ended is not
        begun again, even where it died meanwhile.
        """
        found = self.api.runs_with_tag(run_tags.COMMIT, sha)
        runs = [run for run in found if all(tag["key"] != run_tags.REPEATS for tag in run["tags"])]
        if not runs or any(run["status"] not in ENDED for run in runs):
            return None
        records = [self.ledger.deployment(deployment_id(sha, run["runId"])) for run in runs]
        died = all(
            run["status"] == "FAILURE" and (record is None or record.outcome in (None, "abandoned"))
            for record, run in zip(records, runs, strict=True)
        )
        return None if died and len(runs) < MOST_ATTEMPTS and not self._is_behind(sha) else len(runs)

    def _is_behind(self, sha: str) -> bool:
        """Whether a newer commit is live: nobody begins an older one again."""
        live = self.ledger.head().head.live
        return live is not None and live.commit in self.shas[self.shas.index(sha) + 1 :]

    def _end(self, run_id: str) -> str | None:
        status = self.api.status(run_id)
        return status if status in ENDED else None

    def worker_of(self, run_id: str) -> int:
        """The process that executes a run's steps, as the run says when it begins."""
        return wait_for(lambda: quiet(lambda: self._pid(run_id)), READY_SECONDS, f"run {run_id} does not begin")

    def _pid(self, run_id: str) -> int | None:
        events, _ = self.api.events(run_id, None)
        found = [PID.search(event.message) for event in events if "Executing steps" in event.message]
        return int(found[0][1]) if found and found[0] else None

    def deployments(self) -> Iterator[Deployment]:
        """What the ledger has of every attempt that there was."""
        bucket, prefix = self.gateways.home_spec().aws.ledger_bucket, f"{self.ledger.environment}/deployments/"
        pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for each in (each for page in pages for each in page.get("Contents", [])):
            found = self.ledger.deployment(Path(each["Key"]).stem)
            if found is not None:
                yield found

    def restart(self) -> None:
        """Start the service again, as its supervisor does."""
        self.dagster.stop(0.0, lambda line: None)
        self.dagster = started(self.project, self.home, self.env)

    def end(self) -> None:
        """Stop everything that runs."""
        for process in [*self.daemons, *(process for _, process in self.beside)]:
            process.kill()
            process.wait()
        self.dagster.stop(10.0, lambda line: None)

    def settled(self) -> None:
        """Wait until nobody holds the environment."""

        def free() -> bool | None:
            return True if self.ledger.head().head.lease is None else None

        wait_for(lambda: quiet(free), SETTLED_SECONDS, f"{self.ledger.head().head.lease} is never given back")

    def told(self, words: str) -> list[str]:
        """What Slack has heard with these words in it, such as the beginning of a commit's SHA."""
        url = self.env["SLACK_API_URL"].removesuffix("api/") + "messages"
        messages: list[dict[str, object]] = httpx.get(url, timeout=10).raise_for_status().json()
        return [str(each.get("text")) for each in messages if words in json.dumps(each)]


def quiet(ask: Callable[[], T | None]) -> T | None:
    """The answer; None where the service is being broken just now."""
    try:
        return ask()
    except DeployError:
        return None


def kill(pid: int) -> None:
    """SIGKILL; a process that is gone already is what was wanted."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def started(project: Path, home: Path, env: dict[str, str]) -> DagsterProcesses:
    """Start the service; returns when the merge sensor watches."""
    dagster = start_dagster(project, home / "dagster", free_port(0), env)
    api = DagsterApi(dagster.url)
    wait_for(lambda: quiet(lambda: watching(api, dagster)), READY_SECONDS, "the merge sensor did not begin to watch")
    return dagster
