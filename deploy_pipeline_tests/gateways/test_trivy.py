"""The scanner gateway: over a process that answers for Trivy, and (real) over Trivy, an image and a small database."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.process import Completed, LocalProcess
from deploy_pipeline.gateways.trivy import ImageScan, LocalTrivy, TrivySettings
from deploy_pipeline.sandbox.toolbox import cache_folder, toolbox_tools
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall

METADATA = '{"Version":2,"UpdatedAt":"2026-11-22T00:00:00Z"}'
SECRETS = {"AWS_SECRET_ACCESS_KEY": "a", "GITHUB_TOKEN": "b", "SLACK_BOT_TOKEN": "c", "PATH": "/usr/bin"}
DATABASE = Path(__file__).parents[2] / "deploy_pipeline" / "sandbox" / "data" / "trivy-db"


def answering(report: str = '{"SchemaVersion": 2, "Results": []}') -> Callable[[ProcessCall], Completed]:
    """What Trivy does: write its output file."""

    def respond(call: ProcessCall) -> Completed:
        if "--output" in call.argv:
            Path(call.argv[call.argv.index("--output") + 1]).write_text(report if "json" in call.argv else "{}")
        return Completed(call.argv, 0, "", "")

    return respond


def trivy(
    cache: Path, process: FakeProcess, *, offline: bool = True, clock: FakeClock | None = None, program: str = "trivy"
) -> LocalTrivy:
    settings = TrivySettings(cache_dir=cache, environment=SECRETS, offline=offline, program=program)
    return LocalTrivy(settings, process, clock or FakeClock())


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "trivy.db").write_bytes(b"x")
    (tmp_path / "db" / "metadata.json").write_text(METADATA)
    return tmp_path


def test_scan_image_gives_report_sarif_and_database_and_hides_credentials(cache: Path) -> None:
    process = FakeProcess(answering())
    scan = trivy(cache, process).scan_image("app:1")
    assert scan == ImageScan({"SchemaVersion": 2, "Results": []}, "{}", "version 2, updated 2026-11-22T00:00:00Z")
    assert [call.argv[1] for call in process.calls] == ["image", "convert"]
    assert [call.env for call in process.calls] == [{"PATH": "/usr/bin"}] * 2


VERSION = {
    "Version": "0.76.0",
    "VulnerabilityDB": {"Version": 2, "UpdatedAt": "2026-11-22", "DownloadedAt": "2026-11-23"},
    "JavaDB": {"Version": 1, "UpdatedAt": "2026-11-20", "DownloadedAt": "2026-11-23"},
}


def told(cache: Path, version: object, *, offline: bool = True) -> str:
    process = FakeProcess(lambda call: Completed(call.argv, 0, json.dumps(version), ""))
    return trivy(cache, process, offline=offline).knowledge()


@pytest.mark.parametrize(
    "changed",
    [
        {"Version": "0.77.0"},
        {"VulnerabilityDB": {"Version": 2, "UpdatedAt": "2026-11-23"}},
        {"JavaDB": {"Version": 1, "UpdatedAt": "2026-11-27"}},
    ],
)
def test_knowledge_is_of_the_program_and_its_databases(cache: Path, changed: dict[str, object]) -> None:
    assert told(cache, VERSION | changed) != told(cache, VERSION)


def test_knowledge_leaves_out_when_a_database_was_downloaded(cache: Path) -> None:
    again = {"Version": 2, "UpdatedAt": "2026-11-22", "DownloadedAt": "2026-11-24"}
    assert told(cache, VERSION | {"VulnerabilityDB": again}) == told(cache, VERSION)


def test_knowledge_brings_the_database_up_to_date_and_refuses_what_is_no_version(cache: Path) -> None:
    process = FakeProcess(lambda call: Completed(call.argv, 0, json.dumps(VERSION), ""))
    trivy(cache, process, offline=False).knowledge()
    assert "--download-db-only" in process.calls[0].argv
    with pytest.raises(DeployError, match="cannot read Trivy's version"):
        told(cache, "a text")


def test_scan_image_updates_the_database_first_when_it_may(cache: Path) -> None:
    process = FakeProcess(answering())
    trivy(cache, process, offline=False).scan_image("app:1")
    assert "--download-db-only" in process.calls[0].argv
    assert "--offline-scan" not in process.calls[1].argv


def test_scan_image_tries_a_download_three_times(cache: Path) -> None:
    clock = FakeClock()
    process = FakeProcess(lambda call: Completed(call.argv, 1, "", "FATAL\tfailed to download vulnerability DB"))
    with pytest.raises(DeployError, match="cannot download") as caught:
        trivy(cache, process, offline=False, clock=clock).scan_image("app:1")
    assert (caught.value.retryable, len(process.calls), len(clock.slept)) == (True, 3, 2)


def test_scan_image_without_a_database_is_an_error_and_runs_nothing(tmp_path: Path) -> None:
    process = FakeProcess(answering())
    with pytest.raises(DeployError, match="no vulnerability database") as caught:
        trivy(tmp_path, process).scan_image("app:1")
    assert "--download-db-only" in caught.value.todo
    assert process.calls == []


@pytest.mark.parametrize(("report", "what"), [("", "not JSON"), ("[]", "no SchemaVersion"), ("{}", "no SchemaVersion")])
def test_scan_image_never_takes_a_broken_report_for_an_empty_one(cache: Path, report: str, what: str) -> None:
    with pytest.raises(DeployError, match=what):
        trivy(cache, FakeProcess(answering(report))).scan_image("app:1")


def test_scan_image_without_a_report_is_an_error(cache: Path) -> None:
    with pytest.raises(DeployError, match=r"wrote no report\.json"):
        trivy(cache, FakeProcess()).scan_image("app:1")


def test_scan_image_finds_a_program_that_is_not_on_the_path(cache: Path) -> None:
    process = FakeProcess(answering())
    trivy(cache, process, program="/opt/trivy").scan_image("app:1")
    assert process.calls[0].argv[0] == "/opt/trivy"


@pytest.mark.real
def test_scan_image_over_the_real_scanner_finds_what_the_database_knows(tmp_path: Path) -> None:
    package = tmp_path / "app" / "jinja2-2.10.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: Jinja2\nVersion: 2.10\n")
    (tmp_path / "app" / "Dockerfile").write_text(
        "FROM scratch\nCOPY jinja2-2.10.dist-info /usr/lib/python3/site-packages/jinja2-2.10.dist-info\n"
    )
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "db").symlink_to(DATABASE)
    client = docker.from_env()
    image, _ = client.images.build(path=str(tmp_path / "app"), tag="deploy-pipeline-test:scan", rm=True)
    try:
        program = shutil.which("trivy") or cache_folder(os.environ) / toolbox_tools().folder_name / "bin" / "trivy"
        settings = TrivySettings(
            cache_dir=tmp_path / "cache", environment=os.environ, program=str(program), offline=True
        )
        process = LocalProcess(environment=os.environ, clock=SystemClock())
        scanner = LocalTrivy(settings, process, SystemClock())
        scan = scanner.scan_image("deploy-pipeline-test:scan")
        with pytest.raises(DeployError, match="no such image"):
            scanner.scan_image("deploy-pipeline-test:absent")
    finally:
        client.images.remove(str(image.id), force=True)
        client.close()
    found = [v["VulnerabilityID"] for result in scan.report["Results"] for v in result.get("Vulnerabilities", [])]
    assert found == ["CVE-2019-10906"]
    assert "CVE-2019-10906" in json.dumps(json.loads(scan.sarif)["runs"][0]["results"])
    assert scan.database.startswith("version 2, updated 20")
