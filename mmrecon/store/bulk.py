"""Bulk statements with tuples through the driver (performance.md, rule 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    literal,
    literal_column,
    null,
    update,
)

from mmrecon.store.database import raw_cursor

_IN_LIST: Final = 500
_ROWS_AT_ONCE: Final = 2_000
_ROWS_OF_AN_INSERT: Final = 200
_PARAMETERS: Final = 16_000
"""Of one statement; SQLite takes twice as many."""
_PLAIN: Final = ("int64", "bool")
_ARROW: Final = {"str": pa.string(), "Int64": pa.int64()}
_PANDAS: Final = {
    pa.string(): pd.StringDtype("pyarrow", np.nan),
    pa.int64(): pd.Int64Dtype(),
}


def insert_columns(connection: Connection, table: Table, columns: Mapping[str, Any]) -> None:
    """Insert rows given as columns of equal length, or as one value for all rows.

    A column that says one thing in all rows stands in the statement itself: binding is what costs.
    """
    length = max((len(values) for values in columns.values() if _is_column(values)), default=0)
    if not length:
        return
    anchor = next(name for name, values in columns.items() if _is_column(values))
    fixed: dict[str, ColumnElement[Any]] = {}
    varied: dict[str, Any] = {}
    for name, values in columns.items():
        constant, value = _constant(values)
        if constant and name != anchor:
            fixed[name] = _literal(connection, value)
        else:
            varied[name] = values
    values = fixed | {name: bindparam(name) for name in varied}
    statement = insert(table).inline().values(values)  # no RETURNING, which nobody would read
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    if compiled.positiontup is None:
        _execute(connection, statement, list(columns), varied)
    else:
        ordered = [_values(varied[name]) for name in compiled.positiontup]
        _insert_by_hundreds(connection, str(compiled), ordered, length)


def _insert_by_hundreds(
    connection: Connection, statement: str, columns: Sequence[Sequence[Any]], length: int
) -> None:
    """Run an insert with many rows in a statement, which opens its table and indexes once."""
    head, values, row = statement.partition(" VALUES ")
    at_once = min(_ROWS_OF_AN_INSERT, max(1, _PARAMETERS // len(columns)))
    whole = length - length % at_once
    cursor = raw_cursor(connection)
    for begin, end, rows in ((0, whole, at_once), (whole, length, 1)):
        if begin < end:
            portions = (_cells(columns, start, rows) for start in range(begin, end, rows))
            cursor.executemany(f"{head}{values}{', '.join([row] * rows)}", portions)
    cursor.close()


def _cells(columns: Sequence[Sequence[Any]], start: int, rows: int) -> list[Any]:
    """The cells of some rows, row by row."""
    cells: list[Any] = [None] * (rows * len(columns))
    for place, values in enumerate(columns):
        cells[place :: len(columns)] = values[start : start + rows]
    return cells


def update_columns(
    connection: Connection, table: Table, key: str, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Update rows by an integer key; `columns` holds the key and what is set."""
    length = len(columns[key])
    if length:
        statement = update(table).where(table.c[key] == bindparam("_key"))
        named = {("_key" if name == key else name): values for name, values in columns.items()}
        _execute(connection, statement, [name for name in columns if name != key], named)


def _execute(
    connection: Connection,
    statement: Insert | Update,
    names: list[str],
    columns: Mapping[str, Any],
) -> None:
    """Run a statement over columns, with tuples where the driver takes them."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=names)
    order = compiled.positiontup or list(columns)
    tuples = zip(*(_values(columns[name]) for name in order), strict=True)
    named = compiled.positiontup is None
    rows: Iterable[Any] = (
        (dict(zip(order, row, strict=True)) for row in tuples) if named else tuples
    )
    cursor = raw_cursor(connection)
    cursor.executemany(str(compiled), rows)
    cursor.close()


def read_columns(
    connection: Connection, query: Select[Any], dtypes: Mapping[str, str]
) -> dict[str, Any]:
    """The columns of a query by name, with the dtypes of a frame schema.

    Read and turned in small portions, which stay in the processor's cache.
    """
    cursor = connection.execute(query).cursor
    assert cursor is not None
    parts: dict[str, list[Any]] = {name: [] for name in dtypes}
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        for (name, dtype), values in zip(dtypes.items(), zip(*rows, strict=True), strict=True):
            parts[name].append(_packed(values, dtype))
    cursor.close()
    return {name: _joined(parts[name], dtype) for name, dtype in dtypes.items()}


def _packed(values: Sequence[Any], dtype: str) -> Any:
    if dtype in _PLAIN:
        return np.fromiter(values, dtype=dtype, count=len(values))
    return pa.array(values, _ARROW[dtype])


def _joined(parts: list[Any], dtype: str) -> Any:
    if dtype in _PLAIN:
        return np.concatenate([np.zeros(0, dtype=dtype), *parts])
    column = pa.chunked_array(parts, _ARROW[dtype])
    return column.to_pandas(types_mapper=_PANDAS.get)


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Pieces that fit into one IN list."""
    return (values[start : start + _IN_LIST] for start in range(0, len(values), _IN_LIST))


def _is_column(values: Any) -> bool:
    return hasattr(values, "__len__") and not isinstance(values, str)


def _constant(values: Any) -> tuple[bool, Any]:
    """Whether a column says one thing in all rows, and what."""
    if not _is_column(values):
        return True, values
    if not isinstance(values, pd.Series | np.ndarray) or len(values) < 2:
        return False, None
    if isinstance(values, pd.Series) and values.dtype == "str":
        array = pa.array(values)
        return bool(pc.all(pc.equal(array, array[0])).as_py()), array[0].as_py()
    if isinstance(values, pd.Series) and values.dtype == "Int64":
        return bool(values.isna().all()), None
    plain = np.asarray(values)
    return bool((plain == plain[0]).all()), plain[0].item()


def _literal(connection: Connection, value: Any) -> ColumnElement[Any]:
    """A value as SQL text, quoted by the dialect."""
    if value is None:
        return null()
    compiled = literal(value).compile(
        dialect=connection.dialect, compile_kwargs={"literal_binds": True}
    )
    return literal_column(str(compiled))


def _values(values: Any) -> Sequence[Any]:
    """Python values of a column."""
    if isinstance(values, pd.Series) and values.dtype == "str":
        texts: list[str] = pa.array(values).to_pylist()
        return texts
    if isinstance(values, pd.Series) and values.dtype == "Int64":
        whole: list[Any] = values.astype(object).where(values.notna(), None).tolist()
        return whole
    plain: Sequence[Any] = values.tolist() if hasattr(values, "tolist") else values
    return plain
