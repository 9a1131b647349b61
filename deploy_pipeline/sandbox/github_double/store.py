"""Everything GitHub knows that git does not (pulls, statuses, ...), as JSON documents in one SQLite file."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    repository TEXT NOT NULL,
    parent TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_by_parent ON documents (kind, repository, parent, id);
"""
_LARGEST_ID = 2**63 - 1


class Store:
    """Documents by kind, repository and parent (a sha, an issue number, a deployment's id).

    Each write is committed before the call returns. Safe to use from several threads; `lock` makes a sequence of
    calls one step.
    """

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; later calls raise `sqlite3.ProgrammingError`."""
        with self.lock:
            self._connection.close()

    def add(self, kind: str, repository: str, parent: str | int, body: Document) -> Document:
        """Store a new document; what was given plus its `id`, which no other document of any kind has."""
        with self.lock:
            cursor = self._connection.execute(
                "INSERT INTO documents (kind, repository, parent, body) VALUES (?, ?, ?, ?)",
                (kind, repository, str(parent), json.dumps(body)),
            )
        return {**body, "id": cursor.lastrowid}

    def get(self, kind: str, repository: str, number: int) -> Document | None:
        """The document with this id, or None."""
        if number > _LARGEST_ID:
            return None
        query = "SELECT id, body FROM documents WHERE kind = ? AND repository = ? AND id = ?"
        rows = self._rows(query, (kind, repository, number))
        return rows[0] if rows else None

    def children(self, kind: str, repository: str, parent: str | int) -> list[Document]:
        """The documents of one parent, oldest first."""
        query = "SELECT id, body FROM documents WHERE kind = ? AND repository = ? AND parent = ? ORDER BY id"
        return self._rows(query, (kind, repository, str(parent)))

    def list_all(self, kind: str, repository: str) -> list[Document]:
        """The documents of one kind in a repository, oldest first."""
        query = "SELECT id, body FROM documents WHERE kind = ? AND repository = ? ORDER BY id"
        return self._rows(query, (kind, repository))

    def update(self, document: Document, **changes: object) -> Document:
        """Store changed fields of a document that was read before; the whole document as it is now."""
        changed = {**document, **changes}
        body = {key: value for key, value in changed.items() if key != "id"}
        with self.lock:
            self._connection.execute("UPDATE documents SET body = ? WHERE id = ?", (json.dumps(body), document["id"]))
        return changed

    def delete(self, document: Document) -> None:
        """Forget a document that was read before; its id is never used again."""
        with self.lock:
            self._connection.execute("DELETE FROM documents WHERE id = ?", (document["id"],))

    def _rows(self, query: str, values: tuple[str | int, ...]) -> list[Document]:
        with self.lock:
            rows = self._connection.execute(query, values).fetchall()
        return [{**json.loads(body), "id": number} for number, body in rows]
