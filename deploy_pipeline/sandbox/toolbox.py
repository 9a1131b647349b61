"""Environments for tools that cannot share the pipeline's own: made once per machine, with exact versions.

A folder counts only when it carries its mark, so that an interrupted installation is never used.
"""

import contextlib
import fcntl
import hashlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from deploy_pipeline.gateways.process import Process
from deploy_pipeline.sandbox.programs import must_run
from deploy_pipeline.sandbox.progress import Progress

MARK = ".complete"
INSTALL_SECONDS = 1200
TODO_VENV = "install Python's venv module (Debian: apt-get install python3-venv)"
TODO_PIP = "give pip access to a package index (PIP_INDEX_URL, PIP_CERT), then run this again"


@dataclass(frozen=True)
class Tools:
    """A named set of pinned packages."""

    name: str
    requirements: str  # the text of a requirements file

    @property
    def folder_name(self) -> str:
        """Changes with the pins and with the interpreter, so that an old environment is never taken for a new one."""
        python = f"{sys.version_info.major}.{sys.version_info.minor} {sys.base_prefix}"
        return f"{self.name}-{hashlib.sha256((python + self.requirements).encode()).hexdigest()[:12]}"


def toolbox_tools() -> Tools:
    """MiniStack and Trivy."""
    return Tools("toolbox", _data("toolbox-requirements.txt"))


def terraform_tools() -> Tools:
    """Terraform as a library, with the launcher that makes it a command: both decide what the environment holds."""
    return Tools("terraform", _data("terraform-requirements.txt"))


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where environments are kept: below XDG_CACHE_HOME, or ~/.cache."""
    base = environment.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(base) / "deploy-pipeline"


def installed(tools: Tools, cache: Path) -> Path | None:
    """The environment's folder, when it is there and complete. Changes nothing."""
    folder = cache / tools.folder_name
    return folder if (folder / MARK).exists() else None


def ensure_installed(
    tools: Tools, cache: Path, process: Process, environment: Mapping[str, str], progress: Progress
) -> Path:
    """The environment's folder; made when it is not there. Two callers at once make it once."""
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{tools.folder_name}.lock", progress):
        if found := installed(tools, cache):
            return found
        progress(f"Installing the {tools.name} environment with pip (once per machine, about half a minute)")
        return _install(tools, cache / tools.folder_name, process, environment)


def _install(tools: Tools, folder: Path, process: Process, environment: Mapping[str, str]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    must_run(process, [sys.executable, "-m", "venv", str(folder)], timeout=INSTALL_SECONDS, todo=TODO_VENV)
    requirements = folder / "requirements.txt"
    requirements.write_text(tools.requirements)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    must_run(
        process,
        [*pip, "--only-binary", ":all:", "--requirement", str(requirements)],
        env=dict(environment),
        timeout=INSTALL_SECONDS,
        todo=TODO_PIP,
    )
    (folder / MARK).touch()
    return folder


@contextlib.contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Another process is installing the same environment; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _data(name: str) -> str:
    return (files("deploy_pipeline.sandbox") / "data" / name).read_text()
