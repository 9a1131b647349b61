"""What the tests of `deploy-pipeline validate` share: a small repository, and the command in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline_tests.gateways.git_case import Repository
from deploy_pipeline_tests.jobs.validation_world import a_deploy_yaml

COMMAND = (sys.executable, "-m", "deploy_pipeline.cli.main", "validate")


def a_repository(folder: Path, files: Mapping[str, str] | None = None) -> Repository:
    """A repository with a deploy.yaml on `main`."""
    repository = Repository(folder)
    repository.commit({"deploy.yaml": a_deploy_yaml(), "app.py": "x = 1\n", "sub/b.py": "y = 1\n", **(files or {})})
    return repository


def started(*arguments: str, cwd: Path, work: Path, **environment: str) -> "subprocess.Popen[str]":
    """The command, with its work folder in `work` and nothing of this machine's user."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}
    own = {"DEPLOY_PIPELINE_WORK": str(work), "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env={**kept, **own}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def belongings(repository: Repository) -> dict[str, str]:
    """What a user would miss: refs, stash, index and status."""
    git = repository.folder / ".git"
    return {
        "refs": repository.git("for-each-ref"),
        "head": (git / "HEAD").read_text(),
        "index": (git / "index").read_bytes().hex(),
        "stash": repository.git("stash", "list"),
        "status": repository.git("--no-optional-locks", "status", "--porcelain"),
        "kept": " ".join(sorted(path.name for path in git.iterdir())),
    }
