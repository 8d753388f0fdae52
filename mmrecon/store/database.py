"""Opening the database: SQLite in the state folder, or PostgreSQL by URL; schema checked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from mmrecon.errors import OutsideUnreachable, SchemaOutdated, UsageError
from mmrecon.secret import make_private

SCHEMA_REVISION: Final = "0003"
"""The newest migration; a test holds it against `migrations/`."""

_FILE: Final = "mmrecon.db"
_BUSY_TIMEOUT_S: Final = 60
_WRITERS: Final = 6_614_001
"""The advisory lock that every write transaction on a server takes first."""
_PAGE_BYTES: Final = 16_384
"""Of a new file; a quarter less time in bulk commits than SQLite's own choice."""
_FEW_KIB: Final = 8_192
_CACHE_KIB: Final = 65_536
"""What a transaction may change before it spills into the write-ahead log early."""


def open_database(state_folder: Path, url: str = "") -> Engine:
    """An engine on the store; a new SQLite file gets the present schema.

    Raises:
        SchemaOutdated: the schema is not this program's (`mmrecon upgrade` migrates it).
        UsageError: the URL is none, or its driver is not installed.
        OutsideUnreachable: the database cannot be opened.
    """
    state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not url:
        make_private(state_folder / _FILE)
    engine = _engine(state_folder, url)
    try:
        revision = _revision(engine)
        if revision is None:
            migrate(engine)
        elif revision != SCHEMA_REVISION:
            raise SchemaOutdated(
                f"the database has schema {revision}, this program needs {SCHEMA_REVISION}",
                hint="Run `mmrecon upgrade`; it makes a backup first.",
            )
    except DBAPIError as error:
        raise OutsideUnreachable(
            "the database cannot be opened",
            hint="Check its server and URL." if url else "Check `state.folder` and its owner.",
        ) from error
    return engine


def open_for_upgrade(state_folder: Path, url: str = "") -> Engine:
    """An engine on the store, whatever its schema."""
    return _engine(state_folder, url)


def migrate(engine: Engine) -> None:
    """Bring the schema to this program's head revision."""
    from mmrecon.store.migrating import upgrade  # Alembic is needed only here

    with engine.begin() as connection:
        upgrade(connection)


def schema_is_current(engine: Engine) -> bool:
    """Whether the schema is this program's."""
    return _revision(engine) == SCHEMA_REVISION


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One write transaction; SQLite's write lock is taken at once. Never held over the network."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def quick_transaction(engine: Engine) -> Iterator[Connection]:
    """A write transaction that a power failure may undo until the next `transaction` has ended.

    Killing this program undoes nothing. For what can be found out again, where waiting for the
    disk would cost more than all the rest; on a server as `transaction`.
    """
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            with connection.begin():
                yield connection
            return
        driver.execute("PRAGMA synchronous=NORMAL")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute("PRAGMA synchronous=FULL")


@contextmanager
def touching_little(engine: Engine) -> Iterator[None]:
    """While this lasts, SQLite's connections keep few pages each.

    For long work that touches a little here and there: what it has touched is not needed again.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    event.listen(engine, "checkout", _keep_few_pages)
    try:
        yield
    finally:
        event.remove(engine, "checkout", _keep_few_pages)
        engine.dispose()


def _keep_few_pages(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
    connection.execute(f"PRAGMA cache_size=-{_FEW_KIB}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read-only view."""
    with engine.connect() as connection:
        yield connection.execution_options(mmrecon_writes=False)


def raw_cursor(connection: Connection) -> Any:
    """The driver's cursor, for bulk statements with tuples (performance.md, rule 5)."""
    return connection.connection.cursor()


def backup_sqlite(engine: Engine, target: Path) -> None:
    """SQLite's online backup into `target`: one consistent state, also while others write."""
    make_private(target)
    with reading(engine) as connection, closing(sqlite3.connect(target)) as copy:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        source.backup(copy)


def _engine(state_folder: Path, url: str) -> Engine:
    if url:
        return _server_engine(url)
    engine = create_engine(
        f"sqlite:///{state_folder / _FILE}",
        connect_args={"timeout": _BUSY_TIMEOUT_S, "isolation_level": None},
        paramstyle="qmark",  # bulk statements take tuples; a dict for each row costs more than it
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _server_engine(url: str) -> Engine:
    """An engine on a database server; plain `postgresql://` takes the driver of the extra.

    Raises:
        UsageError: the URL is none, or the driver for it is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise UsageError(
            "the database's URL is not one that can be understood",
            hint="Write postgresql://USER:PASSWORD@HOST/DATABASE into the environment variable.",
            code="database_url_wrong",
        ) from error
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the driver of this database ({error.name}) is not installed",
            hint="For PostgreSQL: pip install 'mmrecon[postgresql]'",
            code="database_driver_missing",
        ) from error
    event.listen(engine, "begin", _begin_in_line)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    """Pages and cache that bear a whole day in one transaction; durable at each commit."""
    cursor = connection.cursor()
    for pragma in (
        f"page_size={_PAGE_BYTES}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
        f"cache_size=-{_CACHE_KIB}",
    ):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("mmrecon_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _begin_in_line(connection: Connection) -> None:
    """As on SQLite: writers stand in line from their first moment, a reader sees one state."""
    if connection.get_execution_options().get("mmrecon_writes", True):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
    else:
        reads = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        connection.exec_driver_sql(reads)


def _revision(engine: Engine) -> str | None:
    """The schema's revision as Alembic keeps it; None for an empty database."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def analyse(connection: Connection) -> None:
    """Let the database refresh its statistics after bulk work."""
    connection.execute(text("ANALYZE"))
