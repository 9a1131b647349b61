"""Merging two commits without a work tree: `merge-tree`, then `commit-tree`. Moves no branch."""

from collections.abc import Sequence
from datetime import datetime

from deploy_pipeline.sandbox.github_double.git.history import Signature
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository, GitError

_CONFLICT = 1


def merged_tree(repository: BareRepository, base: str, head: str) -> str | None:
    """The tree of `base` with `head` merged into it; None on a conflict or for unrelated histories."""
    if repository.merge_base(base, head) is None:
        return None
    try:
        return repository.text("merge-tree", "--write-tree", "--no-messages", base, head)
    except GitError as error:
        if error.status == _CONFLICT:
            return None
        raise


def write_commit(
    repository: BareRepository, tree: str, parents: Sequence[str], message: str, author: Signature, committed: datetime
) -> str:
    """Write a commit object and return its id. The committer is GitHub, as for everything merged there."""
    environment = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": f"@{int(author.at.timestamp())} +0000",
        "GIT_COMMITTER_DATE": f"@{int(committed.timestamp())} +0000",
    }
    flags = [word for parent in parents for word in ("-p", parent)]
    # git refuses a NUL byte in a message; a title that came through JSON can hold one.
    stdin = message.replace("\0", "").encode()
    return repository.run("commit-tree", tree, *flags, "-F", "-", stdin=stdin, environment=environment).decode().strip()
