"""The events of a run through one connection: Dagster's SQLite store opens, compiles and closes one for each event.

That is most of what a step without work costs, and closing a database writes its log back each time. Another store than
SQLite is left as it is. Like the executor, this touches Dagster's private side (checked with 1.13.27): remove it, and
everything works as before, slower.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from sqlalchemy import Connection

BUSY_SECONDS = 60


@contextmanager
def one_connection(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Within this, the events of the run are written through a connection that stays open."""
    # Loaded here: whoever only looks at the definitions needs no database.
    from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.event import listen  # noqa: PLC0415
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    store = instance.event_log_storage
    if not isinstance(store, SqliteEventLogStorage):
        yield
        return
    of_any_run = store._connect
    with of_any_run(run_id):
        pass  # the tables are there now
    settings = {"timeout": BUSY_SECONDS, "check_same_thread": False}  # the store's lock lets one thread in at a time
    engine = create_engine(store.conn_string_for_shard(run_id), poolclass=StaticPool, connect_args=settings)
    # The store writes ahead (WAL): what is committed survives the end of this process, and of all but a power cut even
    # without a wait for the disk after each event.
    listen(engine, "connect", lambda opened, _: opened.execute("PRAGMA synchronous=NORMAL"))

    @contextmanager
    def connect(shard: str) -> "Iterator[Connection]":
        if shard != run_id:
            with of_any_run(shard) as other:
                yield other
            return
        with store._db_lock, engine.begin() as connection:
            yield connection

    store._connect = connect  # type: ignore[method-assign]
    try:
        yield
    finally:
        del store._connect  # the class's own is there again
        engine.dispose()
