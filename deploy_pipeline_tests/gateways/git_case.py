"""What the tests of the git gateway share: a remote repository on this machine, and the gateway over it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.gateways.clock import Clock, SystemClock
from deploy_pipeline.gateways.git import GitSettings, LocalGit
from deploy_pipeline.gateways.process import LocalProcess, Process

IDENTITY = {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip
ABSENT = "0" * 40


class Repository:
    """A remote that a test writes to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        environment = {**os.environ, **IDENTITY}
        return subprocess.run(
            command, cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def commit(self, files: Mapping[str, str]) -> str:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        return self.git("rev-parse", "HEAD").strip()


def local(work: Path, process: Process | None = None, clock: Clock | None = None, program: str = "git") -> LocalGit:
    runner = process or LocalProcess(environment=os.environ, clock=SystemClock())
    return LocalGit(GitSettings(work=work, environment=os.environ, program=program), runner, clock or SystemClock())
