"""A bare git repository behind the git command: running it, and names to commits. No history, no trees, no HTTP."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.sandbox.github_double.git.ref_names import is_ref_name, is_short_sha

_TIMEOUT_SECONDS = 60
_NOT_ANCESTOR = 1
NO_OBJECT = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class GitError(Exception):
    """The git command refused; `status` is its exit status and the text what it wrote to stderr."""

    def __init__(self, arguments: tuple[str, ...], status: int, stderr: str) -> None:
        self.status = status
        super().__init__(f"git {' '.join(arguments[:3])} ended with {status}: {stderr.strip()}")


def git_environment() -> dict[str, str]:
    """The whole environment of git: no configuration of the machine or of the user, no prompt, no pathspec magic."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_AUTHOR_NAME": "GitHub",
        "GIT_AUTHOR_EMAIL": "noreply@github.com",
        "GIT_COMMITTER_NAME": "GitHub",
        "GIT_COMMITTER_EMAIL": "noreply@github.com",
    }


def run_git(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
    """Run git and return its stdout; raises `GitError` when it exits with anything but 0."""
    done = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", *arguments],
        input=stdin,
        capture_output=True,
        env={**git_environment(), **(environment or {})},
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise GitError(arguments, done.returncode, done.stderr.decode(errors="replace"))
    return done.stdout


@dataclass(frozen=True)
class BareRepository:
    """One bare repository on disk. Every answer is read from git when it is asked for."""

    path: Path

    def run(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """Run git on this repository; bytes of stdout, or `GitError`."""
        return run_git(f"--git-dir={self.path}", *arguments, stdin=stdin, environment=environment)

    def text(self, *arguments: str) -> str:
        """stdout as text without its last newline."""
        return self.run(*arguments).decode(errors="replace").rstrip("\n")

    def find_commit(self, revision: str) -> str | None:
        """The commit that a trusted revision (a full ref or an object id) names, or None."""
        try:
            return self.text("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except GitError:
            return None

    def branch_head(self, branch: str) -> str | None:
        """The commit at the tip of `branch`, or None."""
        return self.find_commit(f"refs/heads/{branch}") if is_ref_name(branch) else None

    def resolve(self, name: str) -> str | None:
        """The commit of a branch, tag, `heads/x`, `pull/1/head`, `HEAD` or (abbreviated) object id, or None."""
        if name == "HEAD":
            return self.find_commit("HEAD")
        if not is_ref_name(name):
            return None
        candidates = [f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"]
        if is_short_sha(name):
            candidates.insert(0, name)
        return next((sha for sha in map(self.find_commit, candidates) if sha), None)

    def default_branch(self) -> str:
        """The branch that HEAD names, whether it has a commit or not."""
        return self.text("symbolic-ref", "--short", "HEAD")

    def branches(self) -> list[str]:
        """The names of all branches, sorted."""
        return self.text("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines()

    def is_empty(self) -> bool:
        """Whether no branch has a commit yet."""
        return not self.branches()

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `descendant` contains `ancestor` (a commit contains itself)."""
        try:
            self.run("merge-base", "--is-ancestor", ancestor, descendant)
        except GitError as error:
            if error.status == _NOT_ANCESTOR:
                return False
            raise
        return True

    def merge_base(self, left: str, right: str) -> str | None:
        """The best common ancestor, or None for unrelated histories."""
        try:
            return self.text("merge-base", left, right)
        except GitError as error:
            if error.status == _NOT_ANCESTOR:
                return None
            raise

    def update_ref(self, ref: str, new: str, old: str) -> bool:
        """Move `ref` from `old` (`NO_OBJECT`: it must not exist) to `new`; False when it is somewhere else by now."""
        try:
            self.run("update-ref", "--no-deref", ref, new, old)
        except GitError:
            # git has one status for every failure; only a moved ref is the caller's business.
            if self.find_commit(ref) == (None if old == NO_OBJECT else old):
                raise
            return False
        return True
