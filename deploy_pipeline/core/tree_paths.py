"""Which trees can be checked out: names, depths and sizes that this machine, and what removes the tree again, can take.

Git itself stores trees that are thousands of folders deep, or hold billions of files, or petabytes, in a few kilobytes.
"""

import posixpath
import re

from deploy_pipeline.core.errors import DeployError

DEEPEST = 100
"""Folders below each other."""
LONGEST_PATH = 1024
LONGEST_NAME = 255
"""Bytes; the latter is what Linux allows."""
MOST_FILES = 500_000
"""Folders included: each takes a block of the disk, too."""
LARGEST_FILE = 512 * 1024**2
LARGEST_TREE = 2 * 1024**3
"""Bytes of all files, the same content under several names counted each time. A run lays out two trees, and a container
image of more than a few GiB cannot be deployed anyway: large models belong into a bucket, or into Git LFS."""
SHOWN = 60
ESCAPE = re.compile(r"\\(?:[0-7]{3}|.)")


class TreePaths:
    """Takes the files of a commit one by one. Raises DeployError for the first that cannot be checked out."""

    def __init__(self, commit: str) -> None:
        self._commit = commit
        self._entries = 0
        self._bytes = 0
        self._folders: list[str] = []

    def take(self, line: str) -> None:
        """One line of `git ls-tree --long`, in git's order; the path in quotes where it is not plain ASCII."""
        entry, _, name = line.partition("\t")
        path = ESCAPE.sub("?", name[1:-1]) if name.startswith('"') else name
        size = entry.rpartition(" ")[2]
        if why := _refusal(path) or self._too_much(name, int(size) if size.isdecimal() else 0):
            raise DeployError(why, where=f"{self._commit}: {name[:SHOWN]}…", todo="remove it from the commit")

    def _too_much(self, name: str, size: int) -> str:
        # As git prints it: with escapes replaced, two folders could look like one.
        folders = name.split("/")[:-1]
        known = len(posixpath.commonprefix([folders, self._folders]))
        self._folders = folders
        self._entries += 1 + len(folders) - known
        self._bytes += size
        if self._entries > MOST_FILES:
            return f"more than {MOST_FILES} files and folders"
        if size > LARGEST_FILE:
            return f"a file of more than {LARGEST_FILE // 1024**2} MiB"
        return f"files of more than {LARGEST_TREE // 1024**3} GiB in all" if self._bytes > LARGEST_TREE else ""


def _refusal(path: str) -> str:
    if path.count("/") > DEEPEST:
        return f"folders nested more than {DEEPEST} deep"
    if len(path) > LONGEST_PATH:
        return f"a path of more than {LONGEST_PATH} bytes"
    if len(path) > LONGEST_NAME and any(len(name) > LONGEST_NAME for name in path.split("/")):
        return f"a name of more than {LONGEST_NAME} bytes"
    return ""
