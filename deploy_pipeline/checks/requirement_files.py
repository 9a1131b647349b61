"""Reads the requirement files of a tree that nobody has reviewed: regular files only, of limited size and number."""

import os
from collections.abc import Iterator
from pathlib import Path

from deploy_pipeline.core.checks.patterns import matcher
from deploy_pipeline.core.errors import DeployError

LARGEST_FILE = 1024 * 1024
MOST_FILES = 100


def requirement_texts(tree: str, named: tuple[str, ...], patterns: tuple[str, ...]) -> dict[str, str]:
    """Path -> text of the files that are named, and of all that match one of the patterns (as in .gitignore).

    A named file that is missing is left out. Raises DeployError for a file that cannot be read as it should.
    """
    wanted = matcher(patterns)
    paths = {*named, *(path for path in _files(Path(tree)) if patterns and wanted(path))}
    if len(paths) > MOST_FILES:
        raise DeployError(f"there are more than {MOST_FILES} requirement files", todo="narrow `paths` in deploy.yaml")
    texts = {path: _text(Path(tree), path) for path in sorted(paths)}
    return {path: text for path, text in texts.items() if text is not None}


def _files(tree: Path) -> Iterator[str]:
    """Everything in the tree that is no folder. `walk` goes through no link to a folder."""
    for folder, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if name != ".git"]
        yield from (Path(folder, name).relative_to(tree).as_posix() for name in names)


def _text(tree: Path, path: str) -> str | None:
    """A link may lead to a file of this machine, and so may a folder on the way that is one."""
    file = tree / path
    if not os.path.lexists(file):
        return None
    if os.path.realpath(file) != str(Path(os.path.realpath(tree), path)) or not file.is_file():
        raise DeployError("is a symbolic link or no regular file", where=path, todo="put the file itself there")
    with file.open("rb") as content:
        body = content.read(LARGEST_FILE + 1)
    if len(body) > LARGEST_FILE:
        raise DeployError(f"is larger than {LARGEST_FILE // 1024} KiB", where=path, todo="split the file")
    return body.decode("utf-8-sig", errors="replace")
