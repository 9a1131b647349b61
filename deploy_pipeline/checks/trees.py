"""Makes the tree that checks look at: the head's files, with the base branch's configuration of the tools.

Nothing of either tree is run, and no symbolic link in them is followed.
"""

import filecmp
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy_pipeline.core.checks.protected_files import is_tool_configuration

READABLE, PROGRAM = 0o644, 0o755
"""Modes that a box's user can read, whoever made the checkout."""


def prepare_trees(head: Path, base: Path | None, into: Path) -> tuple[Path, tuple[str, ...]]:
    """The head's tree below the folder `into`, and the paths of the tool configuration that head and base differ in.

    Without a base the head's own configuration stays. Files are hard links where they can be: the tree is for boxes
    that cannot write to it. Only files and symbolic links are taken, no `.git`. Done again, it starts over.
    """
    tree = into / "head"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    tree.chmod(PROGRAM)
    for path in _paths(head, lambda relative: base is None or not is_tool_configuration(relative)):
        _place(head / path, tree, path)
    if base is None:
        return tree, ()
    theirs, ours = ({path for path in _paths(root) if is_tool_configuration(path)} for root in (head, base))
    for path in sorted(ours):
        _place_configuration(base, tree, path)
    differing = (theirs ^ ours) | {path for path in theirs & ours if _differ(head / path, base / path)}
    return tree, tuple(sorted(map(_encodable, differing)))


def _paths(root: Path, wanted: Callable[[str], bool] = lambda relative: True) -> Iterator[str]:
    """Everything in a tree that is no folder, relative to it."""
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                relative = f"{folder}{entry.name}"
                if entry.name == ".git" or not wanted(relative):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{relative}/")
                elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                    yield relative


def _place_configuration(base: Path, tree: Path, path: str) -> None:
    """Put the base's file where it was. A link is followed within the base: at the head it could lead elsewhere."""
    source = Path(os.path.realpath(base / path))
    inside = source.is_relative_to(os.path.realpath(base))
    if inside and source.is_file() and _is_folder_or_free(tree, path):
        _place(source, tree, path)


def _is_folder_or_free(tree: Path, path: str) -> bool:
    """Whether `path` can be made without going through a link, or a file, that the head has in place of a folder."""
    for parent in list(Path(path).parents)[-2::-1]:
        folder = tree / parent
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            return False
    return True


def _place(source: Path, tree: Path, path: str) -> None:
    target = tree / path
    _make_folder(target.parent)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    mode = source.stat().st_mode
    wanted = PROGRAM if mode & 0o111 else READABLE
    if mode & 0o777 == wanted and _linked(source, target):
        return
    shutil.copyfile(source, target)
    target.chmod(wanted)


def _make_folder(folder: Path) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir()
        each.chmod(PROGRAM)


def _linked(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without hard links, or somebody else's file
        return False
    return True


def _differ(head: Path, base: Path) -> bool:
    if head.is_symlink() or base.is_symlink():
        return not (head.is_symlink() and base.is_symlink() and head.readlink() == base.readlink())
    return not filecmp.cmp(head, base, shallow=False)


def _encodable(path: str) -> str:
    """The path with bytes that are not UTF-8 as `\\xff`: it is kept as JSON."""
    return os.fsencode(path).decode(errors="backslashreplace")
