"""The validation job as step processes of their own find it: what outside systems hear is kept in files."""

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dagster as dg

from deploy_pipeline.gateways.folder_objects import FolderObjects
from deploy_pipeline.jobs.execution import executor
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation
from deploy_pipeline_tests.jobs.validation_world import BASE, PULL, REFORMAT, ValidationWorld
from deploy_pipeline_tests.samples import a_commit

FOLDER = "VALIDATION_TEST_FOLDER"


class WrittenGitHub(FakeGitHub):
    """Adds each status to a file. The steps tell theirs at the same time."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._one_at_a_time = threading.Lock()

    def set_status(self, repository: str, sha: str, **said: Any) -> None:
        with self._one_at_a_time, (folder() / "statuses").open("a") as file:
            super().set_status(repository, sha, **said)
            file.write(json.dumps(asdict(self.statuses[-1])) + "\n")

    def upsert_comment(self, repository: str, number: int, marker: str, body: str) -> str:
        (folder() / "comment").write_text(body)
        return super().upsert_comment(repository, number, marker, body)


def folder() -> Path:
    """Where this test keeps everything, in whichever process."""
    return Path(os.environ[FOLDER])


def world() -> ValidationWorld:
    """The same world in every process."""
    made = ValidationWorld(folder())
    made.github = WrittenGitHub([a_commit(sha=BASE)], pull_requests=[PULL])
    made.isolation = FakeIsolation({"black": REFORMAT})
    made.object_store = FolderObjects(folder() / "objects")
    return made


def validation_in_a_worker() -> dg.JobDefinition:
    """The job of the pipeline with its executor, over the world."""

    def resource(name: str) -> dg.ResourceDefinition:
        return dg.ResourceDefinition(lambda _: world().resources()[name])

    named = {name: resource(name) for name in ("home_spec", "github", "git", "workspace", "links", "bench")}
    values = world().resources()["io_manager"]
    return pr_validation_job.graph.to_job(
        "validation", resource_defs=named | {"io_manager": values}, executor_def=executor
    )
