"""The folder of a Dagster instance (DAGSTER_HOME): its settings file, its databases, and who may use it now."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.file_lock import file_lock

SETTINGS = "dagster.yaml"
COPIED = ".dagster.yaml.sha256"  # of the settings as they were last copied
LOCK = "deploy-pipeline.lock"
NEEDED = (SETTINGS, "workspace.yaml")


def require_project(project: Path) -> None:
    """Raise `DeployError` when a folder is not one that Dagster can be started for."""
    for name in NEEDED:
        if not (project / name).is_file():
            raise DeployError(f"no {name} here", where=str(project), todo="run this in the project's folder")


@contextmanager
def sole_use(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Hold a folder alone; a `DeployError` at once when another process does. Two daemons start every run twice."""
    with ExitStack() as stack:
        try:
            stack.enter_context(file_lock(folder / name, SystemClock(), 0))
        except DeployError as error:
            todo = "stop that one first, or give --home another folder"
            raise DeployError("is in use by another deploy-pipeline", where=str(folder), todo=todo) from error
        yield


def prepare_instance(project: Path, home: Path, warn: Callable[[str], None]) -> None:
    """Give the instance in `home` the project's settings, unless its owner has changed them, and its databases."""
    give_settings(project, home, warn)
    make_storage(home)


def give_settings(project: Path, home: Path, warn: Callable[[str], None]) -> None:
    """Copy the project's settings into `home`, unless its owner has changed the ones there."""
    if owned_by_somebody(home, (project / SETTINGS).read_bytes()):
        warn(f"{home / SETTINGS} was changed there: it is kept, and {project / SETTINGS} is not used")
    else:
        copy_settings((project / SETTINGS).read_bytes(), home)


def owned_by_somebody(home: Path, ours: bytes) -> bool:
    """Whether the instance's settings are neither the project's of today nor those that we copied last."""
    settings, copied = home / SETTINGS, home / COPIED
    if not settings.exists():
        return False
    last = copied.read_text().strip() if copied.exists() else ""
    return digest(settings.read_bytes()) not in {digest(ours), last}


def copy_settings(settings: bytes, home: Path) -> None:
    """Write the settings and their digest. An end between the two leaves settings that equal the project's."""
    (home / SETTINGS).write_bytes(settings)
    (home / COPIED).write_text(digest(settings) + "\n")


def digest(content: bytes) -> str:
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def make_storage(home: Path) -> None:
    """Make the instance's databases before two programs would make them at once and spoil each other's tables."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)
