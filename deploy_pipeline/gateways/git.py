"""Work trees of single commits, from a local mirror of a repository. It never writes to the remote."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from deploy_pipeline.core import git_cli
from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.tree_paths import TreePaths
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.git_history import GitHistory
from deploy_pipeline.gateways.git_program import GitProgram
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.process import Process, minimal_environment
from deploy_pipeline.gateways.retrying import retrying

UNUSED_DAYS = 14
"""How long a checkout stays that nobody asks for. No run takes that long; what is asked for again is made again."""


class Git(ABC):
    """Reads commits."""

    @abstractmethod
    def checkout(self, clone_url: str, sha: str, token: str | None = None) -> Path:
        """The folder with the files of commit `sha` (40 hexadecimal digits). It is shared: do not write to it.

        Idempotent, and safe when several processes ask at once. `token` opens a private repository over HTTPS.
        Raises DeployError for an unknown commit, a refused token, or (retryable) a remote that does not answer.
        Also for a commit whose folders are nested too deep, whose paths are too long, or whose files are too many.
        """

    @abstractmethod
    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is `descendant` or in its history. Raises DeployError when no mirror has `descendant`."""

    @abstractmethod
    def merge_base(self, base: str, head: str) -> str:
        """The full SHA of the commit where `head` left the history of `base`; both are full SHAs.

        Raises DeployError where they have no common history, or no mirror has both: check them out first.
        """

    @abstractmethod
    def merges(self, base: str, head: str) -> tuple[str, ...]:
        """The commits of the branch after `base` up to `head`, the oldest first; those of merged branches left out."""

    @abstractmethod
    def changes(self, base: str, head: str) -> tuple[ChangedFile, ...]:
        """What differs between the trees of two commits, by path; a renamed file is one removed and one added.

        A file of more than a MiB, a symbolic link and a submodule have no lines, nor does any file after the first
        64 MiB of a patch. Bytes of a name that are not UTF-8 appear as `\\xff`.
        Raises DeployError when no mirror has both.
        """


@dataclass(frozen=True)
class GitSettings:
    """`work` holds `mirrors/` and `checkouts/`; of `environment` git sees the minimal part. Times in seconds."""

    work: Path
    environment: Mapping[str, str] = field(repr=False)
    program: str = "git"
    timeout: float = 600.0
    lock_timeout: float = 900.0
    attempts: int = 4


class LocalGit(Git):
    """The git program over bare mirrors below `settings.work`. Files of Git LFS stay pointers."""

    def __init__(self, settings: GitSettings, process: Process, clock: Clock) -> None:
        self._settings = settings
        self._process = process
        self._clock = clock
        self._mirrors = settings.work / "mirrors"
        self._checkouts = settings.work / "checkouts"
        self._base = minimal_environment(settings.environment)
        self._git = GitProgram(settings.program, process, self._base, settings.timeout)
        self._history = GitHistory(self._git, self._mirrors)

    def checkout(self, clone_url: str, sha: str, token: str | None = None) -> Path:
        target = self._checkouts / git_cli.checked_sha(sha)
        if self._is_used(target):
            return target
        self._checkouts.mkdir(parents=True, exist_ok=True)
        mirror = self._mirrors / git_cli.mirror_name(clone_url)
        with file_lock(mirror.with_suffix(".lock"), self._clock, self._settings.lock_timeout):
            if not self._is_used(target):
                self._ensure_commit(mirror, clone_url, sha, token)
                self._clear(mirror)
                self._write_tree(mirror, sha, target)
        return target

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        return self._history.is_ancestor(ancestor, descendant)

    def merge_base(self, base: str, head: str) -> str:
        return self._history.merge_base(base, head)

    def merges(self, base: str, head: str) -> tuple[str, ...]:
        return self._history.merges(base, head)

    def changes(self, base: str, head: str) -> tuple[ChangedFile, ...]:
        return self._history.changes(base, head)

    def _ensure_commit(self, mirror: Path, clone_url: str, sha: str, token: str | None) -> None:
        if not mirror.exists():
            self._make_mirror(mirror)
        if self._git.found(mirror, sha):
            return
        # Nobody else works on the mirror while we hold its lock: these are left from a git that was killed.
        for stale in mirror.rglob("*.lock"):
            stale.unlink()
        environment = git_cli.environment(self._base, clone_url, token)
        argv = git_cli.fetch_all(self._settings.program, str(mirror), clone_url)
        self._fetch(argv, clone_url, environment)
        if not self._git.found(mirror, sha):
            self._fetch_alone(mirror, clone_url, sha, environment)

    def _make_mirror(self, mirror: Path) -> None:
        """Beside its place first: a git that is killed here leaves a part of a repository, which none can repair."""
        with TemporaryFolder(dir=self._checkouts, prefix=_unfinished(mirror)) as making:
            empty = Path(making) / "mirror"
            empty.mkdir()
            self._git.checked(git_cli.init(self._settings.program, str(empty)), empty)
            empty.rename(mirror)

    def _fetch_alone(self, mirror: Path, clone_url: str, sha: str, environment: Mapping[str, str]) -> None:
        try:
            argv = git_cli.fetch_commit(self._settings.program, str(mirror), clone_url, sha)
            self._fetch(argv, clone_url, environment)
        except DeployError as error:
            if git_cli.ABSENT.search(error.what):
                raise git_cli.unknown_commit(clone_url, sha) from error
            raise

    def _fetch(self, argv: list[str], clone_url: str, environment: Mapping[str, str]) -> None:
        def once() -> None:
            done = self._process.run(argv, env=environment, timeout=self._settings.timeout)
            if done.returncode:
                raise git_cli.fetch_error(clone_url, done.stderr)

        retrying(self._clock, self._settings.attempts)(once)

    def _is_used(self, target: Path) -> bool:
        """Whether the checkout is there. If it is, its folder's time now says that it was used."""
        now = self._clock.now().timestamp()
        try:
            os.utime(target, (now, now))
        except FileNotFoundError:
            return False
        return True

    def _clear(self, mirror: Path) -> None:
        """Remove the checkouts that nobody has used for long, and what a process that was killed left behind."""
        oldest = (self._clock.now() - timedelta(days=UNUSED_DAYS)).timestamp()
        for checkout in self._checkouts.glob("[0-9a-f]*"):
            # Another repository's lock may be held by somebody who removes the same one.
            with suppress(FileNotFoundError):
                if checkout.stat().st_mtime < oldest:
                    # Out of sight first: nobody may be given a tree of which a part is gone.
                    checkout.rename(self._checkouts / f"{_unfinished(mirror)}{checkout.name}")
        for abandoned in self._checkouts.glob(f"{_unfinished(mirror)}*"):
            # Not shutil.rmtree, which fails for folders that are nested deep.
            remove = ["rm", "-rf", "--", str(abandoned)]
            self._process.run(remove, env=self._base, timeout=self._settings.timeout)

    def _write_tree(self, mirror: Path, sha: str, target: Path) -> None:
        """Make the tree beside its place and move it there: a folder named by a commit is always complete."""
        # Before anything is written: Python cannot remove every tree that git can write, and no disk can hold it.
        listing = git_cli.list_files(self._settings.program, str(mirror), sha)
        self._git.checked(listing, mirror, on_line=TreePaths(sha).take)
        (mirror / "info").mkdir(exist_ok=True)
        (mirror / "info" / "attributes").write_text(git_cli.EXACT_FILES)
        with TemporaryFolder(dir=self._checkouts, prefix=_unfinished(mirror)) as making:
            tree = Path(making) / "tree"
            tree.mkdir()
            argv = git_cli.write_tree(self._settings.program, str(mirror), sha, str(tree))
            self._git.checked(argv, mirror, cwd=tree, extra={"GIT_INDEX_FILE": f"{making}/index"})
            _normalise_modes(tree)
            tree.rename(target)
            self._is_used(target)


def _unfinished(mirror: Path) -> str:
    """How the names begin of folders that are no checkouts yet, or no longer."""
    return f".{mirror.name}-"


def _normalise_modes(tree: Path) -> None:
    """Give git's two file modes whatever the umask: they end up in images and packages."""
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
