"""The words of `deploy-pipeline sandbox`, without a sandbox or with a record of one that is gone."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy_pipeline.cli.sandbox_commands import sandbox, status_document
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.health import status
from deploy_pipeline.sandbox.processes import ProcessRecord
from deploy_pipeline.sandbox.state import SandboxState, write_state

GONE = ProcessRecord(pid=2**22 + 1, started=1)
STATE = SandboxState(
    home=Path("/s"),
    started=datetime(2026, 1, 1, tzinfo=UTC),
    ready=True,
    versions={"ministack": "1.5.33"},
    ports={"ministack": 20000, "doubles": 20001},
    processes={"ministack": GONE, "doubles": GONE},
    commit="abc",
    env={"GITHUB_TOKEN": "it's secret"},
)


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """The folder of a sandbox whose servers are gone."""
    write_state(tmp_path / "sandbox.json", STATE)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(sandbox, [*arguments])
    return result.exit_code, result.output


def test_status_without_a_sandbox_fails_and_says_what_to_do(tmp_path: Path) -> None:
    assert run("status", "--home", str(tmp_path)) == (1, "There is no sandbox: run `deploy-pipeline sandbox up`.\n")


def test_status_of_a_dead_sandbox_fails_and_names_the_dead(dead: Path) -> None:
    code, said = run("status", "--home", str(dead))

    assert code == 1
    assert "✗  ministack  127.0.0.1:20000" in said
    assert "the process is gone" in said
    assert "`deploy-pipeline sandbox up` to mend it" in said
    assert "\x1b" not in said


def test_status_as_json_has_no_token_in_it(dead: Path) -> None:
    code, said = run("status", "--json", "--home", str(dead))

    document = json.loads(said)
    assert (code, document["works"], document["commit"]) == (1, False, "abc")
    assert document["servers"][1] == {
        "name": "doubles",
        "works": False,
        "pid": GONE.pid,
        "address": "127.0.0.1:20001",
        "problem": "the process is gone",
    }
    assert "secret" not in said


def test_status_document_of_no_sandbox(tmp_path: Path) -> None:
    assert status_document(status(tmp_path))["home"] is None


def test_env_can_be_read_by_a_shell(dead: Path) -> None:
    assert run("env", "--home", str(dead)) == (0, "export GITHUB_TOKEN='it'\"'\"'s secret'\n")


def test_env_without_a_sandbox_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(sandbox, ["env", "--home", str(tmp_path)])

    assert isinstance(result.exception, DeployError)


def test_down_without_a_sandbox_is_no_error(tmp_path: Path) -> None:
    code, said = run("down", "--home", str(tmp_path / "none"))

    assert code == 0
    assert "There is no sandbox in" in said


def test_up_without_a_spec_is_an_error_before_anything_is_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(sandbox, ["up", "--home", str(tmp_path / "home"), "--source", str(tmp_path)])

    assert isinstance(result.exception, DeployError)
    assert not (tmp_path / "home").exists()
