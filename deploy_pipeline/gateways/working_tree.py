"""A folder that somebody works in, as a commit: also what is not committed yet. It changes no ref, index or file.

All that stays in the repository are objects that nothing refers to, which git drops by itself after two weeks.
"""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.core import git_cli
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed, Process, last_lines, minimal_environment

# Always the same, so that the same content is always the same commit, and is checked out once.
NOBODY = {
    f"GIT_{role}_{name}": value
    for role in ("AUTHOR", "COMMITTER")
    for name, value in {
        "NAME": "deploy-pipeline",
        "EMAIL": "deploy-pipeline@localhost",
        "DATE": "2000-01-01T00:00:00Z",
    }.items()
}
TIMEOUT = 120.0


@dataclass(frozen=True)
class Snapshot:
    """`url` is what a mirror fetches from, `head` the folder's commit, `base` the other branch's or ""."""

    url: str
    head: str
    base: str


class WorkingTree:
    """The git repository around `folder`; `root` is its highest folder."""

    def __init__(self, folder: Path, process: Process, environment: Mapping[str, str], program: str = "git") -> None:
        self._process = process
        self._program = program
        self._folder = folder
        self._environment = {**git_cli.environment(minimal_environment(environment)), **NOBODY}
        self.root = Path(self._git("rev-parse", "--show-toplevel", todo="run this in a git repository"))

    def snapshot(self, base: str | None, branch: str) -> Snapshot:
        """The folder as a commit that can be fetched by its SHA.

        `base` is what the user names, else it is `origin/<branch>` or `<branch>`, whichever there is.
        Raises DeployError where nothing is committed yet, or there is no such `base`.
        """
        against = self._base(base, branch)
        return Snapshot(self._git("rev-parse", "--path-format=absolute", "--git-common-dir"), self._commit(), against)

    def _commit(self) -> str:
        """The commit of everything that is not ignored."""
        head = self._git("rev-parse", "--verify", "HEAD^{commit}", todo="commit something first")
        tree = self._tree()
        if tree == self._git("rev-parse", "HEAD^{tree}"):
            return head
        return self._git("commit-tree", tree, "-p", head, "-m", "The working tree as it is")

    def _tree(self) -> str:
        """Written by a copy of the index: it knows what a sparse checkout leaves out, and what was added by force."""
        index = Path(self._git("rev-parse", "--path-format=absolute", "--git-path", "index"))
        with tempfile.TemporaryDirectory(prefix="snapshot-") as folder:
            own = {"GIT_INDEX_FILE": f"{folder}/index"}
            if index.exists():
                shutil.copyfile(index, own["GIT_INDEX_FILE"])
            self._git("add", "--all", "--", ":/", extra=own)
            return self._git("write-tree", extra=own)

    def _base(self, base: str | None, branch: str) -> str:
        if base:
            todo = "name a commit or a branch of this repository"
            return self._git("rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}", todo=todo)
        for name in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
            found = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            if found.returncode == 0:
                return found.stdout.strip()
        return ""

    def _git(self, *arguments: str, extra: Mapping[str, str] | None = None, todo: str = "") -> str:
        done = self._run(*arguments, extra=extra)
        if done.returncode:
            raise DeployError(f"git {arguments[0]}: {last_lines(done.stderr)}", where=str(self._folder), todo=todo)
        return done.stdout.strip()

    def _run(self, *arguments: str, extra: Mapping[str, str] | None = None) -> Completed:
        environment = {**self._environment, **(extra or {})}
        return self._process.run([self._program, *arguments], cwd=self._folder, env=environment, timeout=TIMEOUT)
