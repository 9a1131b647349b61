"""Filling the sandbox's repositories: a first commit from a folder, later commits without a work tree. No HTTP."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.github_double.git.history import Signature
from deploy_pipeline.sandbox.github_double.git.merge import write_commit
from deploy_pipeline.sandbox.github_double.git.ref_names import is_ref_name
from deploy_pipeline.sandbox.github_double.git.repository import NO_OBJECT, BareRepository, run_git
from deploy_pipeline.sandbox.github_double.repositories import repository_path

SEED_AUTHOR = "Sandbox Seed <seed@users.noreply.github.com>"
_AUTHOR = re.compile(r"(?P<name>[^<>\n]+?) <(?P<email>[^<>\s]+)>")
Changes = Mapping[str, bytes | None]
_SETTINGS = (
    ("uploadpack.allowAnySHA1InWant", "true"),  # as on GitHub: a commit can be fetched by its id
    ("gc.auto", "0"),  # a squashed branch must stay readable
    ("receive.autogc", "false"),
)


def create_repository(state: Path, name: str, source: Path, *, at: datetime | None = None) -> str:
    """Make `owner/name` in the state folder with the files of `source` as the first commit on main; its id.

    Of a git checkout (`source/.git` exists) the tracked files and the untracked ones that are not ignored are taken,
    of any other folder everything, each with its mode. Raises `DeployError` when the repository exists already.
    """
    target = repository_path(state, name)
    if target.exists():
        raise DeployError(f"repository {name} exists already", where=str(target), todo="use another state folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as scratch:
        repository = create_bare(Path(scratch) / "repository.git")
        tree = _tree_of(repository, source, Path(scratch) / "index")
        when = at or datetime.now(UTC)
        sha = write_commit(repository, tree, (), "Initial commit\n", _signature(SEED_AUTHOR, when), when)
        repository.update_ref("refs/heads/main", sha, NO_OBJECT)
        repository.path.rename(target)
    return sha


def create_bare(path: Path) -> BareRepository:
    """Make an empty bare repository whose default branch is main."""
    run_git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(path))
    repository = BareRepository(path)
    for key, value in _SETTINGS:
        repository.run("config", key, value)
    return repository


def fork_repository(state: Path, name: str, owner: str) -> Path:
    """Copy `name` to `owner/<the same name>`, for pull requests from a fork; the path of the new repository."""
    target = repository_path(state, f"{owner}/{name.partition('/')[2]}")
    repository = create_bare(target)
    repository.run("fetch", "--quiet", str(repository_path(state, name)), "+refs/heads/*:refs/heads/*")
    return target


def commit_on_branch(
    repo: Path, branch: str, base: str, changes: Changes, message: str, author: str, *, at: datetime | None = None
) -> str:
    """Commit `changes` (path to content; None removes the file) on `branch` of the bare repository; the commit's id.

    The parent is the tip of `branch`, or of `base` (a branch, tag or id) when the branch is new. A file keeps its mode.
    `author` is `Name <email>`. Raises `DeployError` for names that cannot be, or when the branch was moved meanwhile.
    """
    repository, when = BareRepository(repo), at or datetime.now(UTC)
    _refuse_bad_names(branch, changes)
    tip = repository.branch_head(branch)
    parent = tip or repository.resolve(base)
    if parent is None:
        raise DeployError(f"there is no commit {base!r} to start {branch!r} from", where=str(repo))
    tree = _changed_tree(repository, parent, changes)
    sha = write_commit(repository, tree, (parent,), message, _signature(author, when), when)
    if not repository.update_ref(f"refs/heads/{branch}", sha, tip or NO_OBJECT):
        raise DeployError(f"branch {branch!r} was moved meanwhile", todo="commit again", retryable=True)
    return sha


def _refuse_bad_names(branch: str, paths: Iterable[str]) -> None:
    if not is_ref_name(branch):
        raise DeployError(f"{branch!r} is no name for a branch")
    for path in paths:
        if "\0" in path or {"", ".", "..", ".git"} & set(path.split("/")):
            raise DeployError(f"{path!r} is no path of a file in a repository")


def _tree_of(repository: BareRepository, source: Path, index: Path) -> str:
    paths = b"".join(path + b"\0" for path in _paths(source))
    flags = (f"--work-tree={source}", "update-index", "--add", "-z", "--stdin")
    environment = {"GIT_INDEX_FILE": str(index)}
    repository.run(*flags, stdin=paths, environment=environment)
    return repository.run("write-tree", environment=environment).decode().strip()


def _paths(source: Path) -> Iterator[bytes]:
    if (source / ".git").exists():
        flags = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        # The checkout may belong to another user (a mounted volume): git would refuse to list it.
        listed = run_git("-c", "safe.directory=*", "-C", str(source), *flags).split(b"\0")
        found = {path for path in listed if path and not path.endswith(b"/")}
        yield from sorted(path for path in found if _is_file(source, path))
        return
    for folder, folders, names in os.walk(source):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in names + links:
            yield os.fsencode(Path(folder, name).relative_to(source))


def _is_file(source: Path, path: bytes) -> bool:
    """A tracked file may be gone from the checkout; a submodule is a folder there."""
    full = source / os.fsdecode(path)
    return full.is_symlink() or full.is_file()


def _changed_tree(repository: BareRepository, parent: str, changes: Changes) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        environment = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        repository.run("read-tree", parent, environment=environment)
        modes = _modes(repository, parent)
        lines = b"".join(_index_line(repository, path, modes.get(path), data) for path, data in changes.items())
        repository.run("update-index", "-z", "--index-info", stdin=lines, environment=environment)
        return repository.run("write-tree", environment=environment).decode().strip()


def _modes(repository: BareRepository, commit: str) -> dict[str, str]:
    lines = repository.run("ls-tree", "-r", "-z", commit).decode(errors="surrogateescape").split("\0")[:-1]
    return {path: header.split(" ")[0] for header, _, path in (line.partition("\t") for line in lines)}


def _index_line(repository: BareRepository, path: str, mode: str | None, content: bytes | None) -> bytes:
    if content is None:
        return f"0 {NO_OBJECT}\t{path}\0".encode()
    blob = repository.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
    return f"{mode or '100644'} {blob}\t{path}\0".encode()


def _signature(author: str, when: datetime) -> Signature:
    match = _AUTHOR.fullmatch(author)
    if match is None:
        raise DeployError(f"author {author!r} is not of the form 'Name <email>'")
    return Signature(match["name"], match["email"], when)
