"""Files and folders of a commit: `ls-tree` and `cat-file`. Reads only."""

from dataclasses import dataclass

from deploy_pipeline.sandbox.github_double.git.repository import BareRepository

_KINDS = {"040000": "dir", "120000": "symlink", "160000": "submodule"}


@dataclass(frozen=True)
class TreeEntry:
    """An entry of a tree; `kind` is file, dir, symlink or submodule, `size` is in bytes (0 for what has none)."""

    path: str
    kind: str
    sha: str
    size: int


def entry_at(repository: BareRepository, commit: str, path: str) -> TreeEntry | None:
    """The entry at `path` (no leading or trailing slash), or None. The empty path is the root folder."""
    if not path:
        return TreeEntry("", "dir", repository.text("rev-parse", f"{commit}^{{tree}}"), 0)
    entries = _list(repository, commit, "--", path)
    return entries[0] if entries else None


def children(repository: BareRepository, tree: TreeEntry) -> list[TreeEntry]:
    """The entries of a folder, with their whole paths."""
    prefix = f"{tree.path}/" if tree.path else ""
    found = _list(repository, tree.sha)
    return [TreeEntry(prefix + entry.path, entry.kind, entry.sha, entry.size) for entry in found]


def read_blob(repository: BareRepository, sha: str) -> bytes:
    """The content of a file or the target of a symbolic link."""
    return repository.run("cat-file", "blob", sha)


def _list(repository: BareRepository, *arguments: str) -> list[TreeEntry]:
    output = repository.run("ls-tree", "-z", "--long", "--full-tree", *arguments).decode(errors="replace")
    return [_entry(line) for line in output.split("\0")[:-1]]


def _entry(line: str) -> TreeEntry:
    header, _, path = line.partition("\t")
    mode, _, sha, size = header.split()
    return TreeEntry(path, _KINDS.get(mode, "file"), sha, 0 if size == "-" else int(size))
