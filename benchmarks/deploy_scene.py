"""Where deployments are measured: a sandbox whose caches can be emptied, and the commits that are deployed."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from benchmarks.engine_service import PROJECT, READY_SECONDS, Service
from deploy_pipeline.cli.dagster_api import DagsterApi
from deploy_pipeline.cli.dagster_processes import free_port, start_dagster
from deploy_pipeline.cli.demo_commands import wait_for, watching
from deploy_pipeline.cli.demo_folder import forget_own_accounts, harmless
from deploy_pipeline.cli.pull_request import AUTHOR
from deploy_pipeline.composition import gateways_of
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.containers import remove_pushed_images
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch
from deploy_pipeline.sandbox.layout import Layout

BRANCH = "main"
FIRST, CLEAN, EVERYTHING, FUNCTION, IMAGE, DOCUMENTATION = (
    "first deployment",
    "everything changed, clean caches",
    "everything changed, warm caches",
    "one function changed",
    "one image changed",
    "documentation only",
)
REPEATED = (CLEAN, EVERYTHING, FUNCTION, IMAGE, DOCUMENTATION)
ALL = frozenset({FIRST, CLEAN, EVERYTHING})
AT_ONCE = b"\nrollout: {functions: {shape: AllAtOnce}, services: {bake_minutes: 0}}\n"
"""Without the time in which traffic is only watched: the other side has none."""
ADDED = "release.py"  # what the images take in: their .dockerignore lets nothing else than Python files through
SENSORS = """{ sensorsOrError(repositorySelector: {repositoryName: "__repository__",
  repositoryLocationName: "deploy_pipeline"}) { ... on Sensors { results { id name } } } }"""
STOP = "mutation($id: String!) { stopSensor(id: $id) { __typename ... on PythonError { message } } }"


def spec_of(project: Path) -> Spec:
    """The spec of a project."""
    return load_spec((project / "deploy.yaml").read_bytes(), "deploy.yaml")


def changes(scenario: str, note: str) -> dict[str, bytes | None]:
    """The files that a commit changes; `note` and the scenario make them differ from every commit before it."""
    return {**scenario_changes(scenario, note), "deploy.yaml": (PROJECT / "deploy.yaml").read_bytes() + AT_ONCE}


def scenario_changes(scenario: str, note: str) -> dict[str, bytes | None]:
    """The files that a scenario is about."""
    spec, line = spec_of(PROJECT), f"# {scenario}: {note}\n".encode()
    images = [f"{image.context}/{ADDED}" for image in spec.images.values()]
    functions = [f"{function.source}/{ADDED}" for function in spec.functions.values()]
    if scenario in ALL:
        network = (PROJECT / "terraform/main/network.tf").read_bytes() + line
        return {
            **dict.fromkeys([*images, *functions], line),
            "terraform/main/network.tf": network,
            **installs(scenario),
        }
    paths = {FUNCTION: functions[-1:], IMAGE: images[-1:], DOCUMENTATION: ["README.md"]}
    return dict.fromkeys(paths[scenario], line)


def changed_targets(scenario: str) -> set[str]:
    """What of images and functions a deployment of the scenario has to replace."""
    spec = spec_of(PROJECT)
    images, functions = list(spec.images), list(spec.functions)
    if scenario in ALL:
        return {*images, *functions}
    return {FUNCTION: {*functions[-1:]}, IMAGE: {*images[-1:]}, DOCUMENTATION: set[str]()}[scenario]


def live_targets() -> dict[str, str | None]:
    """What serves now: image -> the digest of its latest, function -> the version of its alias (None before both)."""
    spec, gateways = spec_of(PROJECT), gateways_of(os.environ)
    images = {name: gateways.ecr().digest(image.repository, "latest") for name, image in spec.images.items()}
    functions: dict[str, str | None] = {}
    for name, function in spec.functions.items():
        try:
            functions[name] = gateways.functions().alias(function.function_name, function.alias).version
        except DeployError:  # before the first deployment
            functions[name] = None
    return images | functions


def installs(scenario: str) -> dict[str, bytes | None]:
    """For clean caches, requirements from which this engine never made a layer, for another sandbox either."""
    if scenario not in {FIRST, CLEAN}:
        return {}
    files = [f"{image.context}/requirements.txt" for image in spec_of(PROJECT).images.values()]
    return {file: (PROJECT / file).read_bytes() + f"# {time.time_ns()}\n".encode() for file in files}


@dataclass(frozen=True)
class Scene:
    """A sandbox that is up, in `home`."""

    home: Path
    versions: Mapping[str, str]

    def commit(self, scenario: str, note: str) -> str:
        """A commit on the deployed branch that changes what the scenario says; its SHA."""
        repository = repository_path(Layout(self.home.resolve()).doubles, spec_of(PROJECT).repository.name)
        return commit_on_branch(repository, BRANCH, BRANCH, changes(scenario, note), f"{scenario}: {note}", AUTHOR)


@contextmanager
def fresh_scene(home: Path, project: Path = PROJECT) -> Iterator[Scene]:
    """A sandbox with an empty account and empty caches; taken down in the end.

    What is kept is what no deployment makes: the tools, the base image, the scanner's database.
    """
    sandbox.down(home, quiet)
    forget_everything(home)
    before = dict(os.environ)
    forget_own_accounts(os.environ)
    try:
        state = sandbox.up(home, project, quiet)
        os.environ.update(state.env)
        os.environ["DEPLOY_PIPELINE_SPEC"] = str(project / "deploy.yaml")
        yield Scene(home, dict(state.versions))
    finally:
        os.environ.clear()
        os.environ.update(before)
        sandbox.down(home, quiet)
        forget_everything(home)


def quiet(line: str) -> None:
    """Say nothing."""


def forget_everything(home: Path) -> None:
    """Delete what deployments left: caches, repositories, Dagster's records."""
    layout = Layout(home.resolve())
    for folder in (layout.doubles, layout.home / "dagster"):
        shutil.rmtree(folder, ignore_errors=True)
    forget_caches(home)


def forget_caches(home: Path) -> None:
    """Delete what makes the next deployment faster: work folders, scan results, images with all their layers."""
    layout = Layout(home.resolve())
    for folder in (layout.work, layout.home / "by-hand", layout.trivy_cache / "fanal"):
        shutil.rmtree(folder, ignore_errors=True)
    client = docker.from_env()
    try:
        remove_pushed_images(client, [layout.preferred_port])
    finally:
        client.close()


@contextmanager
def pipeline(sandbox_home: Path, project: Path = PROJECT) -> Iterator[Service]:
    """A running Dagster for the project, with its sensors stopped: runs start when they are launched."""
    home = sandbox_home.resolve() / "dagster"
    dagster = start_dagster(project, home, free_port(0), {}, base={**harmless(os.environ), **pipeline_variables()})
    try:
        api = DagsterApi(dagster.url)
        wait_for(lambda: watching(api, dagster), READY_SECONDS, "the merge sensor did not begin to watch")
        stop_sensors(api)
        yield Service(api, home, "deploy_pipeline", "__repository__")
    finally:
        dagster.stop(show=quiet)


def pipeline_variables() -> dict[str, str]:
    """Our variables that point the pipeline at the sandbox."""
    mine = ("AWS_", "GITHUB_", "SLACK_", "DEPLOY_PIPELINE_", "TF_VAR_")
    return {name: value for name, value in os.environ.items() if name.startswith(mine)}


def stop_sensors(api: DagsterApi) -> None:
    """Stop every sensor: nothing else is to run while a run is measured."""
    for sensor in api.ask(SENSORS)["sensorsOrError"]["results"]:
        api.ask(STOP, id=sensor["id"])


def deploy_config(sha: str) -> dict[str, Any]:
    """The launch configuration that deploys a commit."""
    return {"ops": {"resolve_candidate": {"config": {"commit": sha}}}}
