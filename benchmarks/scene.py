"""Where the validation is measured: a sandbox with this project in it, and a pull request that every check looks at."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.deploy_scene import pipeline
from benchmarks.engine_service import PROJECT, Service
from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.trees import prepare_trees
from deploy_pipeline.cli.pull_request import AUTHOR, Developer
from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.core.checks.catalogue import tools_of
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.ops.candidate import read_spec
from deploy_pipeline.ops.pull_request import ValidateConfig, open_pull_request
from deploy_pipeline.ops.sources import checked_out
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.workbench import bench_of

BRANCH, BASE = "measured", "main"
COMMENTED = (
    "lambda/data_prep/handler.py",
    "deploy_pipeline/core/links.py",
    "terraform/main/network.tf",
    "fargate/inference/requirements.txt",
    "fargate/inference/Dockerfile",
    "deploy.yaml",
)
"""Files that get a comment at their end: together they make every check necessary."""
CHECKS = "\nvalidation:\n"
WITHOUT_BUILD = "  checks:\n    image_build: {enabled: false}\n"


@dataclass(frozen=True)
class Scene:
    """The pull request, and those who validate it."""

    gateways: Gateways
    repository: Path
    number: int
    service: Service
    versions: Mapping[str, str]

    def push(self, text: str) -> str:
        """Give the pull request a new head, for a validation never sees the same one twice; its SHA."""
        return commit_on_branch(self.repository, BRANCH, BASE, changes(text), text, AUTHOR)

    def subject(self, head_sha: str, folder: Path) -> Subject:
        """The pull request's head as the job's first step lays it out, below `folder`."""
        github, git, spec = self.gateways.github(), self.gateways.git(), self.gateways.home_spec()
        pull = open_pull_request(github, spec, ValidateConfig(pull_request=self.number, head=head_sha, authorised=True))
        name = spec.repository.name
        head, base = (checked_out(github, git, name, sha) for sha in (pull.head, pull.base))
        tree, _ = prepare_trees(head, base, folder)
        merge_base = git.merge_base(pull.base, pull.head)
        changed = git.changes(merge_base, pull.head)
        return Subject(name, pull.head, merge_base, str(tree), str(base), read_spec(base), changed, True, pull)

    def bench(self, subject: Subject, isolation: str) -> Bench:
        """What checks work with; `isolation` is "container" or "process"."""
        return bench_of(self.gateways, subject.spec, isolation=isolation, on_line=lambda line: None)


@contextmanager
def scene(home: Path) -> Iterator[Scene]:
    """Bring up the sandbox in `home`, open the pull request, and stop it all in the end. What is cached there stays."""
    sandbox.down(home, print)
    shutil.rmtree(Layout(home.resolve()).doubles, ignore_errors=True)  # else the repository of an earlier day is kept
    state = sandbox.up(home, PROJECT, print)
    before = dict(os.environ)
    try:
        os.environ.update(state.env)
        os.environ["DEPLOY_PIPELINE_SPEC"] = str(PROJECT / "deploy.yaml")
        gateways = gateways_of(os.environ)
        name = gateways.home_spec().repository.name
        repository = repository_path(Layout(home).doubles, name)
        base = {"deploy.yaml": without_build((PROJECT / "deploy.yaml").read_text()).encode()}
        commit_on_branch(repository, BASE, BASE, base, "Measure without image builds", AUTHOR)
        developer = Developer(state.env["GITHUB_API_URL"], state.env["GITHUB_TOKEN"], name, repository)
        versions = {**state.versions, **tools_of(gateways.home_spec())}
        with pipeline(home) as service:
            number = developer.propose(BRANCH, BASE, changes("first"), "Measured")  # now, for no sensor sees it
            yield Scene(gateways, repository, number, service, versions)
    finally:
        os.environ.clear()
        os.environ.update(before)
        sandbox.down(home, print, purge=False)


def changes(text: str) -> dict[str, bytes | None]:
    """The files that the pull request changes."""
    found = {path: (PROJECT / path).read_text() for path in COMMENTED}
    found["deploy.yaml"] = without_build(found["deploy.yaml"])
    return {path: f"{content}# {text}\n".encode() for path, content in found.items()}


def without_build(spec: str) -> str:
    """The project's spec with image builds switched off."""
    before, _, after = spec.partition(CHECKS)
    return before + CHECKS + after.replace("  checks:\n", WITHOUT_BUILD, 1)
