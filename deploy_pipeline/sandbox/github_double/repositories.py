"""Where the sandbox's repositories lie on disk. Names in, paths out; the only place that turns a name into a path."""

import re
from pathlib import Path

from deploy_pipeline.sandbox.github_double.git.repository import BareRepository

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}")


def repository_path(state: Path, full_name: str) -> Path:
    """The bare repository of `owner/name`, whether it exists or not; `ValueError` when that is no such name."""
    if not _NAME.fullmatch(full_name):
        raise ValueError(f"{full_name!r} is not of the form owner/name")
    return state / "repos" / f"{full_name}.git"


def find_repository(state: Path, full_name: str) -> BareRepository | None:
    """The repository `owner/name`, or None when there is none (or could be none) of that name."""
    if not _NAME.fullmatch(full_name):
        return None
    path = repository_path(state, full_name)
    return BareRepository(path) if path.is_dir() else None


def list_repositories(state: Path) -> list[str]:
    """The names of all repositories, sorted."""
    root = state / "repos"
    return sorted(f"{path.parent.name}/{path.name.removesuffix('.git')}" for path in root.glob("*/*.git"))
