"""Isolation that is none: checks run on this machine as the pipeline's user, in folders of their own.

For one user who trusts every author. What it keeps of the real one: a minimal environment, a copy of the checkout,
tools and environments apart from the pipeline's own.
"""

import hashlib
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy_pipeline.core.checks.requirements import (
    Uninstallable,
    checked_requirements,
    installed_and_constraints,
)
from deploy_pipeline.core.egress import EgressRules
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup, Places
from deploy_pipeline.core.tool_image import grouped
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.egress_proxy import egress_proxy
from deploy_pipeline.gateways.environments import OURS
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.isolation import Box, Isolation, Listener
from deploy_pipeline.gateways.process import Process, last_lines, minimal_environment
from deploy_pipeline.gateways.process_box import ProcessBox
from deploy_pipeline.gateways.usage import Usage

INSTALL_SECONDS = 1800.0
LOOPBACK = "127.0.0.1"
NO_INDEX = ("Retrying (", "NewConnectionError", "ReadTimeoutError", "ConnectTimeoutError", "Could not fetch URL")


@dataclass(frozen=True)
class ProcessIsolationSettings:
    """`work` keeps tools and environments between runs; `python` makes them. `environment` is this machine's."""

    work: Path
    environment: Mapping[str, str] = field(repr=False)
    python: str = sys.executable


class ProcessIsolation(Isolation):
    """Boxes that are folders."""

    def __init__(self, settings: ProcessIsolationSettings, process: Process, clock: Clock) -> None:
        self._settings = settings
        self._process = process
        self._clock = clock
        self._usage = Usage(settings.work / "marks", clock)
        self._closed = threading.Event()

    def prepare_tools(self, tools: Mapping[str, str], on_line: Listener) -> str:
        groups = grouped(tools)
        return str(self._made(["tools", groups], on_line, lambda folder: self._install_tools(folder, groups, on_line)))

    def prepare_environment(
        self, tools: str, packages: tuple[str, ...], requirements: Mapping[str, str], on_line: Listener
    ) -> str:
        own = checked_requirements({OURS: "\n".join(packages).encode()}) if packages else {}
        files = {**own, **checked_requirements({path: text.encode() for path, text in requirements.items()})}
        made = self._made(["environment", files], on_line, lambda folder: self._install(folder, files, on_line))
        return str(made)

    def box(self, setup: BoxSetup) -> AbstractContextManager[Box]:
        return self._box(setup)

    def close(self) -> None:
        self._closed.set()

    def gives_up(self) -> str:
        return (
            "Checks run as this machine's own user, with its files, its network and no limits: whoever opens a pull"
            " request can do here what this user can."
        )

    @contextmanager
    def _box(self, setup: BoxSetup) -> Iterator[Box]:
        if self._closed.is_set():
            what = "no box begins any more: everything is being stopped"
            raise DeployError(what, where=f"box {setup.name}", todo="start again")
        with ExitStack() as stack:
            # Resolved: a report's path is compared with it.
            made = TemporaryFolder(prefix="deploy-pipeline-box-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made)).resolve()
            places = _laid_out(folder, setup)
            variables = {**minimal_environment(self._settings.environment), **_variables(places)}
            if setup.hosts or setup.redirects:
                rules = EgressRules(setup.hosts, setup.redirects)
                proxy = f"http://{LOOPBACK}:{stack.enter_context(egress_proxy(LOOPBACK, rules)).port}"
                variables |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
            yield ProcessBox(places, variables, setup.limits, self._clock, self._closed)

    def _made(self, content: object, on_line: Listener, make: Callable[[Path], None]) -> Path:
        """The folder of this content; made where there is none that is complete."""
        described = json.dumps([self._settings.python, content], sort_keys=True)
        key = hashlib.sha256(described.encode()).hexdigest()[:24]
        folder = self._settings.work / key
        with file_lock(self._usage.lock(key), self._clock, INSTALL_SECONDS):
            if not (self._usage.is_marked(key) and folder.is_dir()):
                self._usage.drop(key)
                shutil.rmtree(folder, ignore_errors=True)
                on_line(f"installing into {folder}")
                make(folder)
            self._usage.mark(key)
        return folder

    def _install_tools(self, folder: Path, groups: Mapping[str, Mapping[str, str]], on_line: Listener) -> None:
        (folder / "bin").mkdir(parents=True)
        for name, tools in groups.items():
            self._install(folder / name, {"tools.txt": "\n".join(tools.values())}, on_line)
            for program in tools:
                (folder / "bin" / program).symlink_to(folder / name / "bin" / program)

    def _install(self, folder: Path, files: Mapping[str, str], on_line: Listener) -> None:
        self._run((self._settings.python, "-m", "venv", str(folder)), on_line)
        installed, _ = installed_and_constraints(files)
        arguments: list[str] = []
        for number, (path, content) in enumerate(files.items()):
            written = folder / f"{number}.txt"
            written.write_text("".join(f"{line}\n" for line in content.splitlines() if not line.startswith("-c ")))
            arguments += ["-r" if path in installed else "-c", str(written)]
        pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        self._run((*pip, "--only-binary", ":all:", *arguments), on_line)

    def _run(self, argv: tuple[str, ...], on_line: Listener) -> None:
        completed = self._process.run(argv, timeout=INSTALL_SECONDS, on_line=on_line)
        if completed.returncode == 0:
            return
        said = last_lines(f"{completed.stdout}\n{completed.stderr}")
        where = "packages of the checks"
        if any(sign in said for sign in NO_INDEX):
            raise DeployError(
                f"the package index did not answer: {said}", where=where, todo="try again", retryable=True
            )
        todo = "require versions that exist, fit together, and come as wheels"
        raise Uninstallable(f"cannot be installed: {said}", where=where, todo=todo)


def _laid_out(folder: Path, setup: BoxSetup) -> Places:
    """The folders of a box: a copy of the checkout, an empty scratch folder, and all programs in one place."""
    scratch, programs, checkout = folder / "scratch", folder / "bin", folder / "checkout"
    for made in (scratch / "home", scratch / "tmp", programs):
        made.mkdir(parents=True)
    if setup.checkout:
        shutil.copytree(setup.checkout, checkout, symlinks=True)
    tools = sorted((Path(setup.tools) / "bin").iterdir()) if setup.tools else []
    for name, target in {**{tool.name: str(tool) for tool in tools}, **setup.programs}.items():
        (programs / name).symlink_to(target)
    python = str(Path(setup.environment) / "bin" / "python") if setup.environment else sys.executable
    return Places(str(checkout), setup.base, str(scratch), str(programs), python, setup.providers)


def _variables(places: Places) -> dict[str, str]:
    return {
        "HOME": f"{places.scratch}/home",
        "TMPDIR": f"{places.scratch}/tmp",  # noqa: S108  (a folder of the box)
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CI": "true",
    }
