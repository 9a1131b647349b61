"""The doctor's checks, each over settings and programs made here. GitHub and Slack are small servers on loopback."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy_pipeline.cli.checks import account_checks, machine_checks, project_checks
from deploy_pipeline.cli.checks.check import Ask, Check, Inspected, missing, ok, skipped
from deploy_pipeline.cli.doctor_commands import doctor, examine
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.sandbox.ports import free_port
from deploy_pipeline.settings import settings_from
from deploy_pipeline_tests.fakes.fake_process import FakeProcess


def inspected(
    home: Path, environment: dict[str, str] | None = None, said: str = "", program: str | None = None
) -> Inspected:
    """A machine on which every program says `said`, and `program` is all that is on PATH."""
    env = {"XDG_CACHE_HOME": str(home), **(environment or {})}
    process = FakeProcess(lambda call: Completed(call.argv, 0, said, ""))
    return Inspected(env, settings_from(env), process, home, lambda name: Path(program) if program else None)


@contextmanager
def server(status: int, body: object) -> Iterator[str]:
    """Answers everything with the same JSON; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Quiet."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()


def test_check_python_accepts_the_one_that_runs_the_tests(tmp_path: Path) -> None:
    assert machine_checks.check_python(inspected(tmp_path)).detail.endswith(f"({sys.executable})")


@pytest.mark.parametrize(
    ("said", "program", "outcome"),
    [
        ("git version 2.39.5", "/bin/git", "ok"),
        ("git version 2.30.2", "/bin/git", "missing"),
        ("", None, "missing"),
    ],
)
def test_check_git(tmp_path: Path, said: str, program: str | None, outcome: str) -> None:
    assert machine_checks.check_git(inspected(tmp_path, said=said, program=program)).outcome == outcome


def test_check_docker_says_how_to_get_an_engine(tmp_path: Path) -> None:
    found = machine_checks.check_docker(inspected(tmp_path, {"DOCKER_HOST": f"unix://{tmp_path}/none"}))

    assert found.outcome == "missing"
    assert "install and start Docker Engine" in found.todo


@pytest.mark.parametrize(
    ("version", "program", "environment", "outcome"),
    [
        ("1.11.4", "/bin/terraform", {}, "ok"),
        ("1.9.0", "/bin/terraform", {}, "missing"),
        ("1.11.4", None, {}, "missing"),
        ("1.11.4", None, {"DEPLOY_PIPELINE_TERRAFORM": "/own/terraform"}, "ok"),
        ("1.10.0", None, {"DEPLOY_PIPELINE_TERRAFORM": "/own/terraform"}, "missing"),
    ],
)
def test_check_terraform(
    tmp_path: Path, version: str, program: str | None, environment: dict[str, str], outcome: str
) -> None:
    machine = inspected(tmp_path, environment, json.dumps({"terraform_version": version}), program)

    assert machine_checks.check_terraform(machine).outcome == outcome


def test_check_provider_takes_the_configured_mirror(tmp_path: Path) -> None:
    for architecture in ("amd64", "arm64"):
        (tmp_path / f"registry.terraform.io/hashicorp/aws/5.100.0/linux_{architecture}").mkdir(parents=True)

    found = machine_checks.check_provider(inspected(tmp_path, {"DEPLOY_PIPELINE_TERRAFORM_MIRROR": str(tmp_path)}))

    assert found == ok("AWS provider", f"from {tmp_path}")


def test_check_trivy(tmp_path: Path) -> None:
    assert machine_checks.check_trivy(inspected(tmp_path)).outcome == "missing"
    assert machine_checks.check_trivy(inspected(tmp_path, said="Version: 0.76.0", program="/bin/trivy")) == ok(
        "Trivy", "0.76.0 (/bin/trivy)"
    )


def test_check_trivy_database(tmp_path: Path) -> None:
    cache = {"DEPLOY_PIPELINE_TRIVY_CACHE": str(tmp_path)}
    offline = {**cache, "DEPLOY_PIPELINE_TRIVY_OFFLINE": "1"}
    assert machine_checks.check_trivy_database(inspected(tmp_path, cache)).outcome == "skipped"
    assert machine_checks.check_trivy_database(inspected(tmp_path, offline)).outcome == "missing"
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "metadata.json").write_text('{"UpdatedAt": "2026-11-22T00:00:00Z"}')

    found = machine_checks.check_trivy_database(inspected(tmp_path, offline))

    assert found == ok("Trivy's database", f"of 2026-11-22 in {tmp_path}")


def test_check_disk_looks_at_the_folder_that_will_be_made(tmp_path: Path) -> None:
    work = {"DEPLOY_PIPELINE_WORK": str(tmp_path / "not" / "yet")}

    assert machine_checks.check_disk(inspected(tmp_path, work)).detail.endswith(f"GB free at {tmp_path}")


def test_check_ui_port_is_ok_when_it_is_free(tmp_path: Path) -> None:
    port = free_port()

    found = machine_checks.check_ui_port(inspected(tmp_path, {"DEPLOY_PIPELINE_UI_URL": f"http://127.0.0.1:{port}"}))

    assert found == ok("UI port", f"{port} is free")


@pytest.mark.parametrize(("body", "outcome"), [({"dagster_version": "1.13"}, "ok"), ({}, "missing")])
def test_check_ui_port_tells_dagster_from_others(tmp_path: Path, body: dict[str, str], outcome: str) -> None:
    with server(200, body) as url:
        assert machine_checks.check_ui_port(inspected(tmp_path, {"DEPLOY_PIPELINE_UI_URL": url})).outcome == outcome


def test_check_spec_names_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "deploy.yaml"
    machine = inspected(tmp_path, {"DEPLOY_PIPELINE_SPEC": str(file)})
    assert project_checks.check_spec(machine).outcome == "missing"
    file.write_text("version: 2\n")

    found = project_checks.check_spec(machine)

    assert found.outcome == "missing"
    assert "version" in found.detail


@pytest.mark.parametrize(
    ("value", "outcome"), [("", "skipped"), ("relative", "missing"), ("{tmp}", "ok"), ("{tmp}/none", "skipped")]
)
def test_check_dagster_home(tmp_path: Path, value: str, outcome: str) -> None:
    environment = {"DAGSTER_HOME": value.format(tmp=tmp_path)}

    assert project_checks.check_dagster_home(inspected(tmp_path, environment)).outcome == outcome


def test_check_sandbox_without_one_is_skipped_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    assert project_checks.check_sandbox(inspected(tmp_path)).outcome == "skipped"
    (tmp_path / "sandbox.json").write_text("{")

    assert project_checks.check_sandbox(inspected(tmp_path)).outcome == "missing"


@pytest.mark.parametrize(("status", "outcome"), [(200, "ok"), (401, "missing")])
def test_check_github(tmp_path: Path, status: int, outcome: str) -> None:
    with server(status, {"resources": {"core": {"remaining": 10, "limit": 5000}}}) as url:
        environment = {"GITHUB_API_URL": url, "GITHUB_TOKEN": "secret"}
        found = account_checks.check_github(inspected(tmp_path, environment))

    assert found.outcome == outcome
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [({"ok": True, "user": "bot", "team": "us"}, "ok"), ({"ok": False, "error": "invalid_auth"}, "missing")],
)
def test_check_slack(tmp_path: Path, body: dict[str, object], outcome: str) -> None:
    with server(200, body) as url:
        environment = {"SLACK_API_URL": url, "SLACK_BOT_TOKEN": "secret"}
        found = account_checks.check_slack(inspected(tmp_path, environment))

    assert found.outcome == outcome
    assert "secret" not in str(found)


def test_accounts_that_are_not_configured_are_skipped(tmp_path: Path) -> None:
    asked: list[Ask] = [account_checks.check_github, account_checks.check_slack]

    assert [ask(inspected(tmp_path)).outcome for ask in asked] == ["skipped", "skipped"]


def test_accounts_that_cannot_be_reached_are_missing(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    environment = {"GITHUB_API_URL": nowhere, "GITHUB_TOKEN": "t", "SLACK_API_URL": nowhere, "SLACK_BOT_TOKEN": "t"}
    asked: list[Ask] = [account_checks.check_github, account_checks.check_slack]

    assert [ask(inspected(tmp_path, environment)).outcome for ask in asked] == ["missing", "missing"]


def test_check_aws_at_an_emulator_that_does_not_answer_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}

    assert account_checks.check_aws(inspected(tmp_path, environment)).outcome == "missing"


def test_examine_gives_each_result_in_order(tmp_path: Path) -> None:
    results = [ok("a", "1"), missing("b", "2", "do it"), skipped("c", "3")]
    asks: list[Ask] = [lambda _, result=result: result for result in results]  # type: ignore[misc]

    assert list(examine(tmp_path, asks)) == results


def test_examine_says_which_variable_is_malformed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_APP_INSTALLATION_ID", "no number")

    (found,) = examine(tmp_path)

    assert (found.outcome, "GITHUB_APP_INSTALLATION_ID" in found.detail) == ("missing", True)


def test_doctor_prints_json_and_fails_when_something_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_APP_INSTALLATION_ID", "no number")

    result = CliRunner().invoke(doctor, ["--json", "--home", str(tmp_path)])

    assert result.exit_code == 1
    assert [Check(**line).name for line in json.loads(result.output)] == ["Settings"]


def test_doctor_prints_how_to_mend_without_colours_for_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_APP_INSTALLATION_ID", "no number")

    result = CliRunner().invoke(doctor, ["--home", str(tmp_path)])

    assert result.output.startswith("✗ Settings  GITHUB_APP_INSTALLATION_ID")
    assert "correct these environment variables" in result.output
    assert "\x1b" not in result.output


@pytest.fixture(autouse=True)
def no_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests: their accounts are not asked."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "GITHUB_", "SLACK_", "DEPLOY_PIPELINE_"))]:
        monkeypatch.delenv(name)
