"""Trivy, the image scanner. It reports what is in an image; which findings block is decided elsewhere."""

import json
import shutil
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy_pipeline.core import trivy_cli
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.process import Process, minimal_environment
from deploy_pipeline.gateways.retrying import retrying

FRESH_SECONDS = 60.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ImageScan:
    """Trivy's JSON report of an image, the same findings as SARIF text, and which database it knew."""

    report: dict[str, Any]
    sarif: str
    database: str


class Trivy(ABC):
    """Scans images of the local Docker engine for known vulnerabilities."""

    @abstractmethod
    def knowledge(self) -> str:
        """What decides which findings a scan has, brought up to date first: the program and its databases.

        Raises DeployError when there is no scanner or no vulnerability database.
        """

    @abstractmethod
    def scan_image(self, reference: str) -> ImageScan:
        """Scan a local image, named by reference or id.

        Raises DeployError when there is no scanner, no image or no vulnerability database: never an empty report.
        """


@dataclass(frozen=True)
class TrivySettings:
    """`cache_dir` holds `db/`; `offline` uses the database as it lies there. `environment` is for PATH and the like."""

    cache_dir: Path
    environment: Mapping[str, str] = field(repr=False)
    program: str = "trivy"
    offline: bool = False
    docker_host: str | None = None
    timeout: float = 900.0
    attempts: int = 3


class LocalTrivy(Trivy):
    """The trivy program. It gets no credentials: whatever is in an image cannot use them through the scanner."""

    def __init__(self, settings: TrivySettings, process: Process, clock: Clock) -> None:
        self._settings = settings
        self._process = process
        self._clock = clock
        self._environment = minimal_environment(settings.environment)
        self._cache = str(settings.cache_dir)
        self._program = _found(settings.program, self._environment["PATH"])
        self._lock = threading.Lock()
        self._known, self._known_until = "", 0.0

    def knowledge(self) -> str:
        """One answer for all images that are asked about at the same time."""
        while not self._lock.acquire(blocking=False):  # a step that waits can be interrupted
            self._clock.sleep(POLL_SECONDS)
        try:
            if not self._known or self._clock.monotonic() >= self._known_until:
                self._known = self._asked()
                self._known_until = self._clock.monotonic() + FRESH_SECONDS
            return self._known
        finally:
            self._lock.release()

    def _asked(self) -> str:
        if not self._settings.offline:
            self._update_database()
        database = self._database()
        done = self._checked(trivy_cli.version(self._program, self._cache), "trivy version")
        return f"{database}; {trivy_cli.program_and_databases(done)}; offline {self._settings.offline}"

    def scan_image(self, reference: str) -> ImageScan:
        where = f"scan of {reference}"
        if not self._settings.offline:
            self._update_database()
        database = self._database()
        with TemporaryFolder(prefix="trivy-") as folder:
            report, sarif = Path(folder) / "report.json", Path(folder) / "report.sarif"
            host, offline = self._settings.docker_host, self._settings.offline
            argv = trivy_cli.scan(self._program, self._cache, reference, str(report), offline=offline, docker_host=host)
            self._checked(argv, where)
            self._checked(trivy_cli.convert(self._program, str(report), str(sarif)), where)
            return ImageScan(_read_report(report, where), _read(sarif, where), database)

    def _update_database(self) -> None:
        """One process downloads; the others wait and find it fresh."""
        lock = self._settings.cache_dir / "download.lock"
        argv = trivy_cli.download_database(self._program, self._cache)
        with file_lock(lock, self._clock, self._settings.timeout):
            retrying(self._clock, self._settings.attempts)(self._checked, argv, "Trivy's database")

    def _database(self) -> str:
        folder = self._settings.cache_dir / "db"
        if not (folder / "trivy.db").is_file() or not (folder / "metadata.json").is_file():
            raise trivy_cli.no_database(self._cache)
        return trivy_cli.database((folder / "metadata.json").read_text(), str(folder))

    def _checked(self, argv: list[str], where: str) -> str:
        done = self._process.run(argv, env=self._environment, timeout=self._settings.timeout)
        if done.returncode:
            raise trivy_cli.failure(done.stderr or done.stdout, where, self._cache)
        return done.stdout


def _found(program: str, path: str) -> str:
    """The program by its path, from PATH, or beside this Python, where `pip install` puts it."""
    beside = Path(sys.executable).parent / program
    if found := shutil.which(program, path=path):
        return found
    return str(beside) if beside.is_file() else program


def _read_report(path: Path, where: str) -> dict[str, Any]:
    try:
        report = json.loads(_read(path, where))
    except ValueError as error:
        raise DeployError(f"Trivy's report is not JSON: {error}", where=where, todo="check Trivy's version") from error
    if not isinstance(report, dict) or "SchemaVersion" not in report:
        raise DeployError("Trivy's report has no SchemaVersion", where=where, todo="use Trivy 0.50 or newer")
    return report


def _read(path: Path, where: str) -> str:
    if not path.is_file():
        raise DeployError(f"Trivy wrote no {path.name}", where=where, todo="check Trivy's version")
    return path.read_text()
