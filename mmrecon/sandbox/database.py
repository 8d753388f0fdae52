"""The state of the sandbox: one SQLite database with Fineract's table names.

Columns declared DECIMAL hold millionths as integers, DATE and TIMESTAMP hold ISO text in UTC.
One writer at a time; readers see what is committed. Nothing is flushed to the disk by force
(a killed process loses nothing, a power cut may).
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from mmrecon.sandbox.dialects import Dialect, prepare, schema_of

Row = sqlite3.Row


class StateOfAnotherVersionError(RuntimeError):
    """The state folder was made by another version of the sandbox; make a new one."""


Parameters = Sequence[Any] | Mapping[str, Any]


def spelled(*parts: str) -> str:
    """A statement from its parts: fixed text and names that this package itself chose."""
    return " ".join(parts)


class Session:
    """A connection of one thread with short ways to ask and to write.

    ``remembered`` is what was looked up once in the present transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.remembered: dict[Any, Any] = {}
        connection.row_factory = sqlite3.Row

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        return self.connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """The first row of a query, or none."""
        row: Row | None = self.connection.execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row of a query, or none."""
        row = self.one(sql, parameters)
        return None if row is None else row[0]

    def row(self, table: str, row_id: int) -> Row | None:
        """A row by its id."""
        return self.one(spelled("select * from", table, "where id = ?"), (row_id,))

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement; gives the number of rows it changed."""
        return self.connection.execute(sql, parameters).rowcount

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """Insert a row; gives its id."""
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        sql = spelled("insert into", table, "(", names, ") values (", marks, ")")
        cursor = self.connection.execute(sql, tuple(values.values()))
        return int(cursor.lastrowid or 0)

    def update(self, table: str, row_id: int, values: Mapping[str, Any]) -> None:
        """Change columns of one row."""
        pairs = ", ".join(f'"{name}" = ?' for name in values)
        sql = spelled("update", table, "set", pairs, "where id = ?")
        self.connection.execute(sql, (*values.values(), row_id))


class Database:
    """Connections to the state, one per thread, and the one right to write."""

    def __init__(self, path: Path, dialect: Dialect = Dialect.POSTGRESQL) -> None:
        self.path = path
        self.dialect = dialect
        self._local = threading.local()
        self._writer = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        self._opening = threading.Lock()

    def create(self) -> bool:
        """Make the tables where there are none; true if they were made now.

        Raises:
            StateOfAnotherVersionError: the tables are there, but others than this version's.
        """
        session = self.session()
        text = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
        schema = schema_of(text, self.dialect)
        version = zlib.crc32(schema.encode()) & 0x7FFFFFFF
        found = session.value("pragma user_version")
        if found == version:
            return False
        if found or session.value("select count(*) from sqlite_master"):
            raise StateOfAnotherVersionError(
                f"{self.path} was made by another version, or for another database"
            )
        mark = f"pragma user_version = {version};"
        session.connection.executescript(f"begin;\n{schema}\n{mark}\ncommit;")
        return True

    def session(self) -> Session:
        """The session of this thread."""
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = Session(self._connect())
            self._local.session = session
        return session

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = off")
        connection.execute("pragma busy_timeout = 60000")
        prepare(connection, self.dialect)
        with self._opening:
            self._open.append(connection)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that writes; rolled back when its block raises."""
        session = self.session()
        with self._writer:
            session.remembered.clear()
            session.connection.execute("begin immediate")
            committed = False
            try:
                yield session
                session.connection.execute("commit")
                committed = True
            finally:
                if not committed:
                    session.connection.execute("rollback")

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Reads that all see the same state; within a transaction, that transaction."""
        session = self.session()
        if session.connection.in_transaction:
            yield session
            return
        session.remembered.clear()
        session.connection.execute("begin")
        try:
            yield session
        finally:
            session.connection.execute("rollback")

    def close(self) -> None:
        """Close every connection."""
        with self._opening:
            for connection in self._open:
                connection.close()
            self._open.clear()
