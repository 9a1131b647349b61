"""Reads files and folders as the entries that content keys are made of. It does not choose which ones count."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy_pipeline.core.content_key import Entry, Tree


def tree_of(root: Path, paths: Iterable[str]) -> Tree:
    """The entries of `paths`, relative to `root`. Whatever is no file, folder or link leaves a doubt."""
    entries = []
    for path in sorted(set(paths)):
        entry = entry_of(root, path)
        if entry is None:
            return Tree((), f"{path} is no file, folder or link")
        entries.append(entry)
    return Tree(tuple(entries))


def entry_of(root: Path, path: str) -> Entry | None:
    """One entry; a link is not followed. None for a socket, a pipe or a device."""
    file = root / path
    status = file.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        # The text as it stands, which a Path would tidy up. A link has no mode of its own.
        return Entry(path, "link", 0, os.readlink(file))  # noqa: PTH115
    if stat.S_ISDIR(status.st_mode):
        return Entry(path, "folder", mode)
    return Entry(path, "file", mode, sha256_of(file)) if stat.S_ISREG(status.st_mode) else None


def below(root: Path, path: str, ignored: frozenset[str] = frozenset()) -> Iterator[str]:
    """`path` and everything below it, relative to `root`; folders named as in `ignored` are left out."""
    yield path
    folder = root / path
    if folder.is_symlink() or not folder.is_dir():
        return
    for name in sorted(entry.name for entry in folder.iterdir() if entry.name not in ignored):
        yield from below(root, f"{path}/{name}" if path != "." else name, ignored)


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
