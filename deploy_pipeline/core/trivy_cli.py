"""Trivy's command lines, its database's description and its errors, as values. Running it is `gateways.trivy`."""

import json
import re

from deploy_pipeline.core.errors import DeployError

# No file of the folder that we happen to be in may change a scan, nor may anything call home.
ALONE = ("--config", "", "--ignorefile", "")
QUIET = ("--no-progress", "--skip-version-check", "--disable-telemetry")
NO_DATABASE = re.compile(r"cannot be specified on the first run|first run cannot skip", re.I)
NO_IMAGE = re.compile(r"no such image|unable to find the specified image", re.I)
NO_ENGINE = re.compile(r"cannot connect to the docker daemon|docker\.sock.*(no such file|refused|denied)", re.I)
DOWNLOAD = re.compile(r"failed to download|no such host|connection (reset|refused)|timeout|toomanyrequests", re.I)


def download_database(trivy: str, cache: str) -> list[str]:
    """Bring the vulnerability database up to date; it does nothing while the database is fresh."""
    return [trivy, "image", "--download-db-only", "--no-progress", "--config", "", "--cache-dir", cache]


def scan(trivy: str, cache: str, reference: str, report: str, *, offline: bool, docker_host: str | None) -> list[str]:
    """Scan an image of the local engine into a JSON file, with the database as it is.

    The results of the image's layers are kept in memory: their cache on disk serves one process at a time.
    """
    flags = ["--offline-scan", "--skip-java-db-update"] if offline else []
    host = ["--docker-host", docker_host] if docker_host else []
    return [
        trivy, "image", "--format", "json", "--output", report, "--scanners", "vuln", "--image-src", "docker",
        "--cache-dir", cache, "--cache-backend", "memory", "--skip-db-update", *flags, *host, *QUIET, *ALONE,
        "--", reference,
    ]  # fmt: skip


def convert(trivy: str, report: str, sarif: str) -> list[str]:
    """Write the findings of a JSON report as SARIF."""
    return [trivy, "convert", "--format", "sarif", "--output", sarif, *ALONE, "--", report]


def version(trivy: str, cache: str) -> list[str]:
    """Print the versions of the program and of its databases."""
    return [trivy, "version", "--format", "json", "--config", "", "--cache-dir", cache]


def program_and_databases(printed: str) -> str:
    """What `version` prints, without when something was downloaded. Raises DeployError for what is not that."""
    try:
        known = json.loads(printed)
        parts = {"program": {"Version": known["Version"]}} | {k: v for k, v in known.items() if isinstance(v, dict)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"cannot read Trivy's version: {error!r}"
        raise DeployError(what, where="trivy version", todo="check Trivy's version") from error
    kept = {name: {k: v for k, v in part.items() if k != "DownloadedAt"} for name, part in parts.items()}
    return json.dumps(kept, sort_keys=True)


def database(metadata: str, where: str) -> str:
    """Describe the vulnerability database by its `metadata.json`."""
    try:
        known = json.loads(metadata)
        return f"version {known['Version']}, updated {known['UpdatedAt']}"
    except (ValueError, KeyError, TypeError) as error:
        raise DeployError(f"cannot read the database's metadata: {error!r}", where=where, todo=remake(where)) from error


def remake(where: str) -> str:
    """How to get a whole database."""
    return f"remove {where} and let Trivy download it again, or copy a whole database there"


def no_database(cache: str) -> DeployError:
    """There is nothing to compare an image with."""
    download = f"run `trivy image --download-db-only --cache-dir {cache}` where the network allows it"
    return DeployError(
        "there is no vulnerability database: the image was not scanned",
        where=f"{cache}/db",
        todo=f"{download}, or copy a database's trivy.db and metadata.json to that folder",
    )


def failure(stderr: str, where: str, cache: str) -> DeployError:
    """What a failed Trivy means to an operator."""
    said = "\n".join(line for line in stderr.splitlines() if "\tINFO\t" not in line).strip()[-1500:]
    if NO_DATABASE.search(stderr):
        return no_database(cache)
    if NO_IMAGE.search(stderr):
        return DeployError(f"the engine has no such image: {said}", where=where, todo="build the image again")
    if NO_ENGINE.search(stderr):
        todo = "start the Docker engine, or run `deploy-pipeline doctor`"
        return DeployError(f"Trivy cannot read images: {said}", where=where, todo=todo)
    if DOWNLOAD.search(stderr):
        todo = "check the network; without one, set DEPLOY_PIPELINE_TRIVY_OFFLINE=true and bring a database along"
        return DeployError(f"Trivy cannot download: {said}", where=where, todo=todo, retryable=True)
    return DeployError(f"Trivy failed: {said}", where=where, todo="correct what Trivy complains about")
