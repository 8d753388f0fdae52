"""Bulk statements with tuples through the driver (performance.md, rule 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Insert, Table, Update, bindparam, insert, update

from mmrecon.store.database import raw_cursor

_IN_LIST: Final = 500


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Any]) -> None:
    """Insert rows given as columns of equal length, or as one value for all rows."""
    length = max((len(values) for values in columns.values() if _is_column(values)), default=0)
    if length:
        _execute(connection, insert(table), list(columns), columns, length)


def update_columns(
    connection: Connection, table: Table, key: str, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Update rows by an integer key; `columns` holds the key and what is set."""
    length = len(columns[key])
    if length:
        statement = update(table).where(table.c[key] == bindparam("_key"))
        named = {("_key" if name == key else name): values for name, values in columns.items()}
        _execute(connection, statement, [name for name in columns if name != key], named, length)


def _execute(
    connection: Connection,
    statement: Insert | Update,
    names: list[str],
    columns: Mapping[str, Any],
    length: int,
) -> None:
    """Run a statement over columns, with tuples where the driver takes them."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=names)
    order = compiled.positiontup or list(columns)
    tuples = zip(*(_values(columns[name], length) for name in order), strict=False)
    named = compiled.positiontup is None
    rows: Iterable[Any] = (
        (dict(zip(order, row, strict=True)) for row in tuples) if named else tuples
    )
    cursor = raw_cursor(connection)
    cursor.executemany(str(compiled), rows)
    cursor.close()


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Pieces that fit into one IN list."""
    return (values[start : start + _IN_LIST] for start in range(0, len(values), _IN_LIST))


def _is_column(values: Any) -> bool:
    return hasattr(values, "__len__") and not isinstance(values, str)


def _values(values: Any, length: int) -> Iterable[Any]:
    """Python values of a column; a text column that says one thing is not copied out."""
    if not _is_column(values):
        return repeat(values, length)
    if isinstance(values, pd.Series):
        if values.dtype == "str":
            return _texts(values, length)
        if values.dtype == "Int64":
            return values.astype(object).where(values.notna(), None).tolist()
    plain: Iterable[Any] = values.tolist() if hasattr(values, "tolist") else values
    return plain


def _texts(values: pd.Series, length: int) -> Iterable[str]:
    array = pa.array(values)
    if length and len(array) and pc.all(pc.equal(array, array[0])).as_py():
        return repeat(array[0].as_py(), length)
    texts: list[str] = array.to_pylist()
    return texts
