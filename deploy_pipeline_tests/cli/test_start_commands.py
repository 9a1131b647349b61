"""`deploy-pipeline start` where it cannot start."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy_pipeline.cli.instance_folder import sole_use
from deploy_pipeline.cli.start_commands import start
from deploy_pipeline.core.errors import DeployError

FILES = ("dagster.yaml", "workspace.yaml")


@pytest.mark.parametrize("missing", FILES)
def test_start_without_a_file_that_dagster_needs_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in FILES:
        if name != missing:
            (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(start, ["--home", "home"])

    assert isinstance(result.exception, DeployError)
    assert result.exception.what == f"no {missing} here"
    assert not (tmp_path / "home").exists()


def test_a_second_start_on_the_same_instance_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FILES:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    with sole_use(tmp_path / "home"):
        result = CliRunner().invoke(start, ["--home", "home"])

    assert isinstance(result.exception, DeployError)
    assert str(result.exception).startswith(f"{tmp_path / 'home'}: is in use by another deploy-pipeline")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["deploy-pipeline.lock"]
