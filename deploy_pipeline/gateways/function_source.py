"""The files of a Lambda function: its own, and the requirements that it brings along."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Process, minimal_environment

IGNORED_FOLDERS = frozenset({"__pycache__", "tests", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
IGNORED_SUFFIXES = frozenset({".pyc", ".pyo"})
INSTALL_SECONDS = 300.0

Files = dict[str, tuple[bytes, bool]]


class FunctionSource(ABC):
    """Where the files of a package come from."""

    @abstractmethod
    def files(self, folder: Path, runtime: str) -> Files:
        """Relative path -> (content, executable) of everything that belongs into the package of `folder`."""


class PipFunctionSource(FunctionSource):
    """Reads the folder; installs its `requirements.txt` for the runtime's platform, wheels only."""

    def __init__(self, process: Process, python: str, environment: Mapping[str, str]) -> None:
        self._process = process
        self._python = python
        pip = {name: value for name, value in environment.items() if name.startswith("PIP_")}
        self._environment = minimal_environment(environment) | pip

    def files(self, folder: Path, runtime: str) -> Files:
        if not folder.is_dir():
            raise DeployError("no such folder", where=str(folder.name), todo="correct the function's `source`")
        own = read_folder(folder)
        if "requirements.txt" not in own:
            return own
        with tempfile.TemporaryDirectory(prefix="function-requirements-") as target:
            self._install(folder / "requirements.txt", Path(target), runtime)
            return read_folder(Path(target), frozenset({"__pycache__"})) | own

    def _install(self, requirements: Path, target: Path, runtime: str) -> None:
        done = self._process.run(
            [
                self._python, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check",
                "--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--implementation", "cp",
                "--python-version", runtime.removeprefix("python"), "--target", str(target), "-r", str(requirements),
            ],
            env=self._environment,
            timeout=INSTALL_SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise DeployError(
                f"pip could not install the requirements: {done.stderr.strip()[-1000:]}",
                where=f"{requirements.parent.name}/requirements.txt",
                todo="pin versions that have a wheel for the function's runtime",
            )


def read_folder(folder: Path, ignored: frozenset[str] = IGNORED_FOLDERS) -> Files:
    """Every file below `folder` but caches and, by default, tests; a link that leads out of the folder is refused."""
    root = folder.resolve()
    found: Files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_symlink() and not path.is_file():
            raise DeployError(f"{relative} is a link to a folder, or to nothing", where=str(folder.name),
                              todo="copy what it points at, or remove the link")  # fmt: skip
        if ignored & set(relative.parts) or path.suffix in IGNORED_SUFFIXES or not path.is_file():
            continue
        if not path.resolve().is_relative_to(root):
            raise DeployError(f"{relative} points outside of the function's folder", where=str(folder.name),
                              todo="copy the file in, or remove the link")  # fmt: skip
        found[relative.as_posix()] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found
