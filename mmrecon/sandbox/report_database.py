"""The tables as a report sees them: read only, money as decimals instead of millionths."""

from __future__ import annotations

import math
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrecon.sandbox.database import spelled
from mmrecon.sandbox.dialects import Dialect, prepare

VERSIONS = {
    Dialect.POSTGRESQL: "PostgreSQL 15 (sandbox)",
    Dialect.MARIADB: "10.11-MariaDB-sandbox",
}


@dataclass(frozen=True)
class Result:
    """What a query gave, with the declared types of its columns."""

    names: list[str]
    declared: list[str]
    rows: list[tuple[Any, ...]]


class _Sum:
    """A sum that rounds once, at its end."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        """Take one value; null does not count."""
        if value is not None:
            self.values.append(value)

    def finalize(self) -> float | None:
        """The sum, whole numbers staying whole."""
        if not self.values:
            return None
        if all(isinstance(value, int) for value in self.values):
            return sum(self.values)
        return round(math.fsum(self.values), 6)


def _new_sum() -> Any:
    return _Sum()


def _concat(*parts: Any) -> str:
    return "".join("" if part is None else str(part) for part in parts)


def run_report(path: Path, dialect: Dialect, sql: str) -> Result:
    """Run one query.

    Raises:
        sqlite3.Error: it is no single query, or it does not fit the tables.
    """
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        prepare(connection, dialect)
        connection.create_function("version", 0, lambda: VERSIONS[dialect])
        connection.create_function("concat", -1, _concat, deterministic=True)
        connection.create_aggregate("sum", 1, _new_sum)
        _show_money(connection)
        return _run(connection, sql)
    finally:
        connection.close()


def _show_money(connection: sqlite3.Connection) -> None:
    """Put a view before every table that holds millionths."""
    tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
    for (table,) in tables:
        columns = connection.execute(f'pragma table_info("{table}")').fetchall()
        if not any(column[2].lower().startswith("decimal") for column in columns):
            continue
        shown = ", ".join(_column(column[1], column[2]) for column in columns)
        connection.execute(
            spelled("create temp view", f'"{table}"', "as select", shown, "from", f'main."{table}"')
        )


def _column(name: str, kind: str) -> str:
    quoted = f'"{name}"'
    if kind.lower().startswith("decimal"):
        return f"{quoted} / 1000000.0 as {quoted}"
    return quoted


def _run(connection: sqlite3.Connection, sql: str) -> Result:
    query = sql.strip().rstrip(";")
    if not re.match(r"(?i)(select|with|\()", query):
        raise sqlite3.OperationalError("no query")
    connection.execute(spelled("create temp view report_result as", query))
    declared = connection.execute("pragma table_info(report_result)").fetchall()
    cursor = connection.execute("select * from report_result")
    names = [column[0] for column in cursor.description]
    return Result(names, [column[2] for column in declared], cursor.fetchall())
