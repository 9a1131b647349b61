"""What the demo may delete, and what it sees."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy_pipeline.cli.dagster_processes import dagster_environment
from deploy_pipeline.cli.demo_commands import demo
from deploy_pipeline.cli.demo_folder import claim, forget_earlier_demo, forget_own_accounts, harmless
from deploy_pipeline.core.errors import DeployError

USERS = {
    "GITHUB_TOKEN": "mine", "GITHUB_APP_ID": "7", "AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "mine",
    "SLACK_WEBHOOK_URL": "mine", "DEPLOY_PIPELINE_UI_URL": "https://mine", "DEPLOY_PIPELINE_SPEC": "mine.yaml",
    "TF_VAR_secret": "mine", "TF_TOKEN_example_com": "mine", "DAGSTER_HOME": "mine",
}  # fmt: skip
WAYS = {
    "PATH": "/bin", "HOME": "/home/me", "DOCKER_HOST": "tcp://d", "XDG_CACHE_HOME": "/c", "PIP_INDEX_URL": "https://p",
    "TF_PLUGIN_CACHE_DIR": "/t", "https_proxy": "http://proxy",
}  # fmt: skip


@pytest.mark.parametrize("folder", ["doubles", "dagster", "work"])
def test_a_folder_that_no_demo_made_is_refused_and_left_alone(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "thesis.txt").write_text("years")

    with pytest.raises(DeployError, match=f"no demo made {folder} in {tmp_path}"):
        claim(tmp_path)

    assert (tmp_path / folder / "thesis.txt").read_text() == "years"
    assert [path.name for path in tmp_path.iterdir()] == [folder]


def test_the_command_refuses_before_anything_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dagster.yaml", "workspace.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "home" / "work").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(demo, ["--home", "home"])

    assert isinstance(result.exception, DeployError)
    assert (tmp_path / "home" / "work").is_dir()


def test_an_earlier_demo_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    claim(home)
    for name in ("doubles", "dagster", "work", "trivy-cache"):
        (home / name).mkdir()
    (home / "demo.json").touch()

    claim(home)
    forget_earlier_demo(home)

    assert {path.name for path in home.iterdir()} == {".deploy-pipeline-demo", "trivy-cache"}


def test_what_cannot_be_deleted_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    claim(tmp_path / "home")
    (tmp_path / "home" / "work").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DeployError, match="cannot delete"):
        forget_earlier_demo(tmp_path / "home")

    assert (tmp_path / "elsewhere").is_dir()


def test_the_demos_dagster_sees_no_credential_of_its_user(tmp_path: Path) -> None:
    sandboxed = {"GITHUB_TOKEN": "sandbox", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    seen = dagster_environment(tmp_path, tmp_path / "home", 4000, harmless({**USERS, **WAYS}), sandboxed)

    assert {name: seen[name] for name in WAYS} == WAYS
    assert {name: seen[name] for name in sandboxed} == sandboxed
    assert seen["DEPLOY_PIPELINE_UI_URL"] == "http://127.0.0.1:4000"
    assert seen["DEPLOY_PIPELINE_SPEC"] == str(tmp_path / "deploy.yaml")
    assert "mine" not in seen.values()
    assert not {"GITHUB_APP_ID", "TF_VAR_secret", "AWS_PROFILE", "SLACK_WEBHOOK_URL"} & seen.keys()


def test_forget_own_accounts_leaves_the_ways_to_the_tools() -> None:
    environment = {**USERS, **WAYS, "TERM": "xterm"}
    forget_own_accounts(environment)
    assert environment == {**WAYS, "TERM": "xterm"}


def test_the_command_forgets_its_users_accounts_before_it_brings_up_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dagster.yaml", "workspace.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("TF_VAR_secret", "mine")

    result = CliRunner().invoke(demo, ["--home", "home"])  # the sandbox wants a deploy.yaml

    assert isinstance(result.exception, DeployError)
    assert (tmp_path / "home" / ".deploy-pipeline-demo").is_file()
    assert not {"AWS_PROFILE", "TF_VAR_secret"} & os.environ.keys()
