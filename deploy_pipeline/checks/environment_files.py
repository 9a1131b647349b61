"""The requirement files that the spec names, and what they include, as the head has them."""

import os
import stat
from pathlib import Path

from deploy_pipeline.core.checks.requirements import Uninstallable, included_files
from deploy_pipeline.core.checks.subject import Subject

LARGEST_FILE = 1024 * 1024
MOST_FILES = 100


def requirement_files(subject: Subject) -> dict[str, bytes]:
    """The requirement files that the spec names, and what they name with -r or -c. Raises Uninstallable.

    An included file that is not one of the tree is left out: the line that names it is refused when it is checked.
    """
    tree = Path(subject.head_tree)
    files = {name: _named(tree, name) for name in subject.spec.validation.requirements}
    unread = list(files)
    while unread:
        name = unread.pop()
        for included in included_files(name, files[name]):
            content = None if included in files else _content(tree, included)
            if content is None:
                continue
            if len(files) >= MOST_FILES:
                raise Uninstallable(f"includes more than {MOST_FILES} files", where=name, todo="include fewer")
            files[included] = content
            unread.append(included)
    return files


def known_files(subject: Subject) -> tuple[str, ...]:
    """The paths of the same files, and of those that are missing or cannot be read. Raises nothing for any of them."""
    tree, known = Path(subject.head_tree), dict.fromkeys(subject.spec.validation.requirements)
    unread = list(known)
    while unread and len(known) <= MOST_FILES:
        name = unread.pop()
        try:
            included = [each for each in included_files(name, _content(tree, name) or b"") if each not in known]
        except Uninstallable:
            continue
        known |= dict.fromkeys(included)
        unread += included
    return tuple(known)


def _named(tree: Path, name: str) -> bytes:
    content = _content(tree, name)
    if content is None:
        raise Uninstallable("is not a file of the pull request", where=name, todo="add it, or correct deploy.yaml")
    return content


def _content(tree: Path, name: str) -> bytes | None:
    """A file of the tree itself: the head may have put a link there that leads to a file of this machine."""
    root = Path(os.path.realpath(tree))
    path = root / name  # an absolute name leads anywhere
    try:
        if (
            not path.is_relative_to(root)
            or os.path.realpath(path) != str(path)
            or not stat.S_ISREG(path.lstat().st_mode)
        ):
            return None
    except (OSError, ValueError):  # no such file, or a name that no file can have
        return None
    if path.stat().st_size > LARGEST_FILE:
        raise Uninstallable(f"is larger than {LARGEST_FILE} bytes", where=name, todo="split it")
    return path.read_bytes()
