"""Trivy's command lines and errors, as values."""

import pytest

from deploy_pipeline.core import trivy_cli
from deploy_pipeline.core.errors import DeployError


def test_scan_uses_the_local_engine_and_nothing_of_the_current_folder() -> None:
    argv = trivy_cli.scan("trivy", "/c", "app:1", "/r.json", offline=True, docker_host="unix:///d.sock")
    assert argv == [
        "trivy", "image", "--format", "json", "--output", "/r.json", "--scanners", "vuln", "--image-src", "docker",
        "--cache-dir", "/c", "--cache-backend", "memory", "--skip-db-update", "--offline-scan", "--skip-java-db-update",
        "--docker-host", "unix:///d.sock", "--no-progress", "--skip-version-check", "--disable-telemetry",
        "--config", "", "--ignorefile", "", "--", "app:1",
    ]  # fmt: skip


def test_database_shows_version_and_date() -> None:
    metadata = '{"Version":2,"NextUpdate":"x","UpdatedAt":"2026-11-22T00:00:00Z"}'
    assert trivy_cli.database(metadata, "db") == "version 2, updated 2026-11-22T00:00:00Z"


@pytest.mark.parametrize("metadata", ["", "[]", '{"Version": 2}', "null"])
def test_database_that_cannot_be_read_is_an_error(metadata: str) -> None:
    with pytest.raises(DeployError, match="metadata"):
        trivy_cli.database(metadata, "db")


@pytest.mark.parametrize(
    ("stderr", "what", "retryable"),
    [
        ("FATAL\t--skip-db-update cannot be specified on the first run", "no vulnerability database", False),
        ('FATAL\tunable to find the specified image "a" in ["docker"]', "no such image", False),
        ("FATAL\tCannot connect to the Docker daemon at unix:///x", "cannot read images", False),
        ("FATAL\tfailed to download vulnerability DB: no such host", "cannot download", True),
        ("FATAL\tsomething new", "something new", False),
    ],
)
def test_failure_tells_the_cases_apart(stderr: str, what: str, retryable: bool) -> None:
    error = trivy_cli.failure(f"x\tINFO\tnoise\n{stderr}", "scan of a", "/c")
    assert (what in error.what, error.retryable, "noise" in str(error)) == (True, retryable, False)
    assert error.todo
