"""How commits relate, from the mirrors on this machine. It fetches nothing."""

from functools import lru_cache
from pathlib import Path

from deploy_pipeline.core import git_cli
from deploy_pipeline.core.checks.diff import read_changes
from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.git_program import GitProgram, broken
from deploy_pipeline.gateways.interruptions import TemporaryFolder

REMEMBERED = 1024


class GitHistory:
    """The commits of all mirrors below the folder `mirrors`."""

    def __init__(self, git: GitProgram, mirrors: Path) -> None:
        self._git = git
        self._mirrors = mirrors
        # What is so between two commits stays so, and to ask is to start programs.
        self._is_ancestor = lru_cache(REMEMBERED)(self._ask_is_ancestor)

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is `descendant` or in its history."""
        return self._is_ancestor(git_cli.checked_sha(ancestor), git_cli.checked_sha(descendant))

    def _ask_is_ancestor(self, ancestor: str, descendant: str) -> bool:
        for mirror in self._all():
            found = self._git.found(mirror, descendant, ancestor)
            if descendant in found:
                # A mirror has a commit's whole history: what it does not have is not in it.
                return ancestor in found and self._descends(mirror, ancestor, descendant)
        raise _in_no_mirror(descendant)

    def _descends(self, mirror: Path, ancestor: str, descendant: str) -> bool:
        done = self._git.run(git_cli.is_ancestor(self._git.path, str(mirror), ancestor, descendant))
        if done.returncode not in (0, 1):
            raise broken(mirror, done)
        return done.returncode == 0

    def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor's full SHA."""
        mirror = self._mirror_with(git_cli.checked_sha(base), git_cli.checked_sha(head))
        done = self._git.run(git_cli.merge_base(self._git.path, str(mirror), base, head))
        if done.returncode == 1:
            raise DeployError(f"{head} has no common history with {base}", where="git", todo="rebase it on that branch")
        if done.returncode:
            raise broken(mirror, done)
        return git_cli.checked_sha(done.stdout.strip())

    def merges(self, base: str, head: str) -> tuple[str, ...]:
        """The commits of the branch after `base` up to `head`, the oldest first; those of merged branches left out."""
        mirror = self._mirror_with(git_cli.checked_sha(base), git_cli.checked_sha(head))
        done = self._git.checked(git_cli.merges(self._git.path, str(mirror), base, head), mirror)
        return tuple(reversed(done.stdout.split()))

    def changes(self, base: str, head: str) -> tuple[ChangedFile, ...]:
        """The files that differ between the two commits' trees."""
        mirror = self._mirror_with(git_cli.checked_sha(base), git_cli.checked_sha(head))
        # Through a file: a patch can be large, and what a file's name or text is made of is only known as bytes.
        with TemporaryFolder(dir=self._mirrors, prefix=".changes-") as folder:
            output = Path(folder) / "diff"
            self._git.checked(git_cli.diff(self._git.path, str(mirror), base, head, str(output)), mirror)
            with output.open("rb") as difference:
                return read_changes(difference)

    def _mirror_with(self, *shas: str) -> Path:
        for mirror in self._all():
            if self._git.found(mirror, *shas) == set(shas):
                return mirror
        raise _in_no_mirror(*shas)

    def _all(self) -> list[Path]:
        return sorted(self._mirrors.glob("*.git"))


def _in_no_mirror(*shas: str) -> DeployError:
    commits = " and ".join(f"the commit {sha}" for sha in shas)
    return DeployError(f"no mirror has {commits}", where="git", todo="check the commit out first")
