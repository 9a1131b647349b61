"""The files of a Lambda function: its own, and the requirements that it brings along."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from deploy_pipeline.core.content_key import Entry
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.pip_settings import pip_settings
from deploy_pipeline.gateways.process import Process, minimal_environment

IGNORED_FOLDERS = frozenset({"__pycache__", "tests", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
IGNORED_SUFFIXES = frozenset({".pyc", ".pyo"})
INSTALL_SECONDS = 300.0
REQUIREMENTS = "requirements.txt"
DESCRIBE = (
    "import os, platform, sys; from importlib.metadata import version; "
    "print(sys.version, sys.implementation.name, os.name, platform.machine(), platform.system(), platform.release(), "
    "platform.version(), 'pip', version('pip'))"
)

Files = dict[str, tuple[bytes, bool]]


@dataclass(frozen=True)
class SourceInputs:
    """What a package is made from: the folder's files, its requirements ("" for none), and what installs those."""

    files: tuple[Entry, ...]
    requirements: str
    installer: dict[str, str]


class FunctionSource(ABC):
    """Where the files of a package come from."""

    @abstractmethod
    def inputs(self, folder: Path) -> SourceInputs:
        """What decides the package of `folder`, apart from the runtime. Nothing is installed."""

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

    def inputs(self, folder: Path) -> SourceInputs:
        own = _own_files(folder)
        requirements = own.get(REQUIREMENTS, (b"", False))[0].decode(errors="replace")
        return SourceInputs(entries_of(own), requirements, self._installer() if requirements else {})

    def _installer(self) -> dict[str, str]:
        return {"python": self._described, **pip_settings(self._python, self._environment)}

    @cached_property
    def _described(self) -> str:
        """pip evaluates markers for the interpreter that runs it, whatever platform it installs for."""
        done = self._process.run([self._python, "-c", DESCRIBE], env=self._environment, timeout=INSTALL_SECONDS)
        if done.returncode:
            raise DeployError(f"Python has no pip: {done.stderr.strip()[-500:]}", where=self._python)
        return done.stdout.strip()

    def files(self, folder: Path, runtime: str) -> Files:
        own = _own_files(folder)
        if REQUIREMENTS not in own:
            return own
        with TemporaryFolder(prefix="function-requirements-") as target:
            self._install(folder / REQUIREMENTS, Path(target), runtime)
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


def _own_files(folder: Path) -> Files:
    if not folder.is_dir():
        raise DeployError("no such folder", where=str(folder.name), todo="correct the function's `source`")
    return read_folder(folder)


def entries_of(files: Files) -> tuple[Entry, ...]:
    """The files as they will lie in the package: two modes, links replaced by what they point at."""
    return tuple(
        Entry(path, "file", 0o755 if executable else 0o644, sha256(content).hexdigest())
        for path, (content, executable) in sorted(files.items())
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
