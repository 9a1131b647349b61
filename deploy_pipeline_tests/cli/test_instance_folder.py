"""Whose settings an instance has, and who uses it."""

from pathlib import Path

import pytest

from deploy_pipeline.cli.instance_folder import copy_settings, owned_by_somebody, prepare_instance, sole_use
from deploy_pipeline.core.errors import DeployError

OURS, OURS_LATER, OWNERS = (
    b"telemetry: {enabled: false}\n",
    b"nux: {enabled: false}\n",
    b"# Postgres\nnux: {enabled: false}\n",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with settings."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "dagster.yaml").write_bytes(OURS)
    return tmp_path / "project"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An instance without settings."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_settings_are_copied_and_replaced_by_later_ones(project: Path, home: Path) -> None:
    said: list[str] = []
    for settings in (OURS, OURS_LATER):
        (project / "dagster.yaml").write_bytes(settings)
        prepare_instance(project, home, said.append)
        assert (home / "dagster.yaml").read_bytes() == settings
    assert said == []
    assert (home / "history" / "runs.db").exists()


def test_settings_that_the_owner_wrote_are_kept_with_a_warning(project: Path, home: Path) -> None:
    said: list[str] = []
    (home / "dagster.yaml").write_bytes(OWNERS)
    for _ in range(2):
        prepare_instance(project, home, said.append)
        assert (home / "dagster.yaml").read_bytes() == OWNERS
    assert said == [f"{home}/dagster.yaml was changed there: it is kept, and {project}/dagster.yaml is not used"] * 2


def test_settings_that_the_owner_changed_after_the_copy_are_theirs(home: Path) -> None:
    copy_settings(OURS, home)
    assert not owned_by_somebody(home, OURS_LATER)
    (home / "dagster.yaml").write_bytes(OWNERS)
    assert owned_by_somebody(home, OURS_LATER)


def test_sole_use_refuses_a_second_user_at_once_and_names_the_folder(home: Path) -> None:
    with sole_use(home), pytest.raises(DeployError, match="in use by another") as refused, sole_use(home):
        pass
    assert refused.value.where == str(home)
    with sole_use(home):
        pass


def test_sole_use_does_not_blame_another_for_an_error_of_the_user(home: Path) -> None:
    with pytest.raises(DeployError, match="mine"), sole_use(home):
        raise DeployError("mine")
