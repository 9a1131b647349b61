"""Reads the migrations of Dagster's storages once in a process.

Each run has an SQLite database of its own. For a new one Dagster has alembic read all of its hundred migrations three
times, to find the newest: a tenth of a second in every process that writes the run's events or reads them.
"""

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory

Place = tuple[str | None, str | None]


def remember_migrations() -> None:
    """From now on alembic reads a folder of migrations once; the configuration names it."""
    read = ScriptDirectory.from_config
    configurations: dict[Place, Config] = {}

    @cache
    def once(place: Place) -> ScriptDirectory:
        return read(configurations[place])

    def from_config(cls: type[ScriptDirectory], config: Config) -> ScriptDirectory:
        place = (config.config_file_name, config.get_main_option("script_location"))
        configurations.setdefault(place, config)
        return once(place)

    ScriptDirectory.from_config = classmethod(from_config)  # type: ignore[method-assign, assignment]
