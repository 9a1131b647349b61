"""Databases of runs that are made with remembered migrations are those that are made without."""

import sqlite3
from pathlib import Path

import dagster as dg
import dagster._core.storage.event_log.sqlite.sqlite_event_log as events
import dagster._core.storage.runs.sqlite.sqlite_run_storage as runs
import pytest
from alembic.script import ScriptDirectory
from dagster._core.storage.sql import get_alembic_config

from deploy_pipeline.warm.migrations import remember_migrations


@dg.op
def build() -> None: ...


@dg.job
def a_job() -> None:
    build()


def databases(home: Path) -> list[set[str]]:
    """The tables and the revision of each run's database, after two runs."""
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = [a_job.execute_in_process(instance=instance).run_id for _ in range(2)]
    return [facts(home / "history" / "runs" / f"{run_id}.db") for run_id in runs]


def facts(file: Path) -> set[str]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        tables = database.execute("select name || sql from sqlite_master where sql is not null").fetchall()
        return {text for (text,) in tables + database.execute("select version_num from alembic_version").fetchall()}


def test_a_remembered_migration_makes_the_same_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = databases(tmp_path / "without")
    monkeypatch.setattr(ScriptDirectory, "from_config", ScriptDirectory.__dict__["from_config"])  # put back at the end
    remember_migrations()
    assert databases(tmp_path / "with") == without
    assert len(without[0]) > 1


def test_a_folder_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptDirectory, "from_config", ScriptDirectory.__dict__["from_config"])
    remember_migrations()
    of_events, of_runs = (ScriptDirectory.from_config(get_alembic_config(each.__file__)) for each in (events, runs))
    assert ScriptDirectory.from_config(get_alembic_config(events.__file__)) is of_events
    assert of_runs is not of_events
