"""Reads files of a tree that nobody has reviewed, on this machine: never through a link, and of limited size."""

import os
from collections.abc import Iterator
from pathlib import Path

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.catalogue import policy_of
from deploy_pipeline.core.checks.patterns import matcher
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.suppressions import suppressions, too_large
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.core.spec_mistakes import SpecError

LARGEST_FILE = 1024 * 1024
SPEC_FILE = "deploy.yaml"


def text_of(tree: str, path: str) -> str | None:
    """A file's text, what is not UTF-8 replaced; None where no regular file is there, or it is larger than 1 MiB."""
    file = _inside(tree, path)
    if file is None or not file.is_file():
        return None
    with file.open("rb") as content:
        body = content.read(LARGEST_FILE + 1)
    return None if len(body) > LARGEST_FILE else body.decode("utf-8", errors="replace")


def has_folder(tree: str, path: str) -> bool:
    """Whether a folder of the tree has this path, without a link on the way."""
    folder = _inside(tree, path)
    return folder is not None and folder.is_dir()


def file_names(tree: str, path: str) -> tuple[str, ...]:
    """The names of everything in a folder of the tree; none where there is no such folder."""
    folder = _inside(tree, path)
    return tuple(each.name for each in folder.iterdir()) if folder is not None and folder.is_dir() else ()


def matching_files(tree: str, patterns: tuple[str, ...], below: tuple[str, ...]) -> tuple[str, ...]:
    """The regular files in or below `below` that match one of the patterns, as in .gitignore; sorted."""
    wanted, roots = matcher(patterns), tuple(os.path.normpath(each) for each in below)
    return tuple(sorted(path for path in _files(Path(tree)) if wanted(path) and _is_below(path, roots)))


def head_spec(subject: Subject) -> Spec | None:
    """The pull request's own deploy.yaml; None when it is no spec, which the check `spec` reports."""
    text = text_of(subject.head_tree, SPEC_FILE)
    try:
        return load_spec(text) if text is not None else None
    except SpecError:
        return None


def new_suppressions(check: str, subject: Subject) -> tuple[Finding, ...]:
    """The comments for this check's tool that the pull request brings, and the files that were not looked at."""
    texts = ((change, text_of(subject.head_tree, change.path)) for change in subject.changes if change.lines)
    found = (each for change, text in texts if text for each in suppressions(check, change.path, text, change.lines))
    return (*found, *(too_large(path) for path in _large_files(check, subject)))


def _large_files(check: str, subject: Subject) -> Iterator[str]:
    """Changed files that the check may look at and that are larger than 1 MiB: of those no changed lines are known."""
    wanted = matcher(policy_of(subject.spec, check).paths or ("*",))
    for change in subject.changes:
        file = _inside(subject.head_tree, change.path) if wanted(change.path) else None
        if file and file.is_file() and file.stat().st_size > LARGEST_FILE:
            yield change.path


def _inside(tree: str, path: str) -> Path | None:
    """The place of `path` when there is something, unless a link or `..` leads anywhere else."""
    # Not Path.resolve, which raises for links in a circle.
    root = os.path.realpath(tree)
    place = Path(os.path.normpath(Path(root, path)))
    # False also for names that no file can have.
    if not tree or not place.is_relative_to(root) or not os.path.lexists(place):
        return None
    return place if os.path.realpath(place) == str(place) else None


def _files(tree: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if name != ".git"]
        files = (Path(folder, name) for name in names)
        yield from (file.relative_to(tree).as_posix() for file in files if file.is_file() and not file.is_symlink())


def _is_below(path: str, roots: tuple[str, ...]) -> bool:
    return any(root in {".", path} or path.startswith(f"{root}/") for root in roots)
