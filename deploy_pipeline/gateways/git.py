"""Work trees of single commits, from a local mirror of a repository. It never writes to the remote."""

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy_pipeline.core import git_cli
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.process import Completed, Process, last_lines, minimal_environment
from deploy_pipeline.gateways.retrying import retrying


class Git(ABC):
    """Reads commits."""

    @abstractmethod
    def checkout(self, clone_url: str, sha: str, token: str | None = None) -> Path:
        """The folder with the files of commit `sha` (40 hexadecimal digits). It is shared: do not write to it.

        Idempotent, and safe when several processes ask at once. `token` opens a private repository over HTTPS.
        Raises DeployError for an unknown commit, a refused token, or (retryable) a remote that does not answer.
        """

    @abstractmethod
    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is `descendant` or in its history. Raises DeployError when no mirror has `descendant`."""


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

    def checkout(self, clone_url: str, sha: str, token: str | None = None) -> Path:
        target = self._checkouts / git_cli.checked_sha(sha)
        if target.is_dir():
            return target
        self._checkouts.mkdir(parents=True, exist_ok=True)
        mirror = self._mirrors / git_cli.mirror_name(clone_url)
        with file_lock(mirror.with_suffix(".lock"), self._clock, self._settings.lock_timeout):
            if not target.is_dir():
                self._ensure_commit(mirror, clone_url, sha, token)
                self._write_tree(mirror, sha, target)
        return target

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        git_cli.checked_sha(ancestor)
        mirror = self._mirror_with(git_cli.checked_sha(descendant))
        # A mirror has a commit's whole history: what it does not have is not in it.
        if not self._has(mirror, ancestor):
            return False
        done = self._git(git_cli.is_ancestor(self._settings.program, str(mirror), ancestor, descendant))
        if done.returncode not in (0, 1):
            raise _broken(mirror, done)
        return done.returncode == 0

    def _mirror_with(self, sha: str) -> Path:
        for mirror in sorted(self._mirrors.glob("*.git")):
            if self._has(mirror, sha):
                return mirror
        raise DeployError(f"no mirror has the commit {sha}", where="git", todo="check the commit out first")

    def _ensure_commit(self, mirror: Path, clone_url: str, sha: str, token: str | None) -> None:
        program = self._settings.program
        if not (mirror / "HEAD").exists():
            self._checked(git_cli.init(program, str(mirror)), mirror)
        if self._has(mirror, sha):
            return
        # Nobody else works on the mirror while we hold its lock: these are left from a git that was killed.
        for stale in mirror.rglob("*.lock"):
            stale.unlink()
        environment = git_cli.environment(self._base, clone_url, token)
        self._fetch(git_cli.fetch_all(program, str(mirror), clone_url), clone_url, environment)
        if not self._has(mirror, sha):
            self._fetch_alone(mirror, clone_url, sha, environment)

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

    def _write_tree(self, mirror: Path, sha: str, target: Path) -> None:
        """Make the tree beside its place and move it there: a folder named by a commit is always complete."""
        prefix = f".{mirror.name}-"
        for abandoned in self._checkouts.glob(f"{prefix}*"):
            shutil.rmtree(abandoned)
        with tempfile.TemporaryDirectory(dir=self._checkouts, prefix=prefix) as making:
            tree = Path(making) / "tree"
            tree.mkdir()
            argv = git_cli.write_tree(self._settings.program, str(mirror), sha, str(tree))
            self._checked(argv, mirror, cwd=tree, extra={"GIT_INDEX_FILE": f"{making}/index"})
            _normalise_modes(tree)
            tree.rename(target)

    def _has(self, mirror: Path, sha: str) -> bool:
        return self._git(git_cli.has_commit(self._settings.program, str(mirror), sha)).returncode == 0

    def _checked(
        self, argv: list[str], mirror: Path, *, cwd: Path | None = None, extra: Mapping[str, str] | None = None
    ) -> None:
        done = self._git(argv, cwd=cwd, extra=extra)
        if done.returncode:
            raise _broken(mirror, done)

    def _git(self, argv: list[str], *, cwd: Path | None = None, extra: Mapping[str, str] | None = None) -> Completed:
        environment = {**git_cli.environment(self._base), **(extra or {})}
        return self._process.run(argv, cwd=cwd, env=environment, timeout=self._settings.timeout)


def _broken(mirror: Path, done: Completed) -> DeployError:
    return DeployError(
        f"git failed: {last_lines(done.stderr)}",
        where=str(mirror),
        todo="if the disk is not full, remove this folder: it is fetched again",
    )


def _normalise_modes(tree: Path) -> None:
    """Give git's two file modes whatever the umask: they end up in images and packages."""
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
