"""One sandbox with a running Dagster for the end-to-end tests of a file: taken down with everything that it made."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.cli.dagster_api import DagsterApi
from deploy_pipeline.cli.dagster_processes import DagsterProcesses, free_port, start_dagster
from deploy_pipeline.cli.demo_commands import RUN_SECONDS, SEEN_SECONDS, run_of, wait_for, watching
from deploy_pipeline.cli.follow import RunStory, follow
from deploy_pipeline.cli.pull_request import Developer
from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.traffic.plan import COUNTS

PROJECT = Path(__file__).parents[2]
REPOSITORY = "acme/engagement-ml"
READY_SECONDS = 120.0


@dataclass(frozen=True)
class Pipeline:
    """The running pipeline and the developer who feeds it."""

    env: dict[str, str]
    dagster: DagsterProcesses
    api: DagsterApi
    developer: Developer
    gateways: Gateways
    home: Path

    def users(self) -> dict[str, Any]:
        """What became of the requests that users have sent so far, by listener."""
        return dict(json.loads(Layout(self.home).traffic_plan.with_name(COUNTS).read_text()))

    def merge(self, title: str, changes: dict[str, bytes | None]) -> str:
        """Open and merge a pull request; the SHA of the merge commit."""
        branch = title.lower().replace(" ", "-")
        return self.developer.merge(self.developer.propose(branch, "main", changes, title))

    def deployment(self, sha: str) -> RunStory:
        """The run that the sensor started for a commit, followed to its end."""
        run_id = wait_for(lambda: run_of(self.api, sha), SEEN_SECONDS, f"no run for {sha}")
        return follow(self.api, run_id, print, RUN_SECONDS)

    def source(self, file: str) -> bytes:
        """A file of the project, as it is deployed."""
        return (PROJECT / file).read_bytes()


@pytest.fixture(autouse=True, scope="module")
def programs_are_not_measured() -> Iterator[None]:
    """What these tests start runs without coverage, which makes it twice as slow: other tests measure the same code."""
    measuring = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS")}
    for name in measuring:
        del os.environ[name]
    yield
    os.environ.update(measuring)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The sandbox, Dagster with its daemon, and a merge sensor that has begun to watch."""
    home = tmp_path_factory.mktemp("e2e") / "sandbox"
    state = sandbox.up(home, PROJECT, print)
    before = dict(os.environ)
    try:
        os.environ.update(state.env)
        dagster = start_dagster(PROJECT, home / "dagster", free_port(0), state.env)
        try:
            api = DagsterApi(dagster.url)
            wait_for(lambda: watching(api, dagster), READY_SECONDS, "the merge sensor did not begin to watch")
            repository = repository_path(Layout(home).doubles, REPOSITORY)
            developer = Developer(state.env["GITHUB_API_URL"], state.env["GITHUB_TOKEN"], REPOSITORY, repository)
            yield Pipeline(dict(state.env), dagster, api, developer, gateways_of(state.env), home)
        finally:
            dagster.stop()
    finally:
        os.environ.clear()
        os.environ.update(before)
        sandbox.down(home, print, purge=False)
