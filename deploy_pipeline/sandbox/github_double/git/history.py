"""Commits as values, read with `git log`. Not what they changed: that is `changes`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy_pipeline.sandbox.github_double.git.repository import BareRepository

_FIELDS = ("%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B")
_FORMAT = "--format=tformat:" + "%x00".join(_FIELDS)


@dataclass(frozen=True)
class Signature:
    """Who and when (aware, UTC)."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True)
class Commit:
    """One commit; `parents` are object ids, the message has no trailing newline."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


def read_commits(repository: BareRepository, *arguments: str, paths: Sequence[str] = ()) -> list[Commit]:
    """The commits that `git log` lists for `arguments` (options and revisions that the caller vouches for)."""
    output = repository.run("log", "-z", _FORMAT, "--no-show-signature", *arguments, "--", *paths)
    fields = output.decode(errors="replace").split("\0")[:-1]
    size = len(_FIELDS)
    return [_commit(fields[start : start + size]) for start in range(0, len(fields), size)]


def read_commit(repository: BareRepository, sha: str) -> Commit:
    """The commit with this object id."""
    return read_commits(repository, "--max-count=1", sha)[0]


def count_commits(repository: BareRepository, *arguments: str, paths: Sequence[str] = ()) -> int:
    """How many commits `git rev-list` would list."""
    return int(repository.text("rev-list", "--count", *arguments, "--", *paths))


def _commit(fields: Sequence[str]) -> Commit:
    sha, tree, parents, author, author_email, authored, committer, committer_email, committed, message = fields
    return Commit(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author=Signature(author, author_email, datetime.fromtimestamp(int(authored), UTC)),
        committer=Signature(committer, committer_email, datetime.fromtimestamp(int(committed), UTC)),
        message=message.rstrip("\n"),
    )
