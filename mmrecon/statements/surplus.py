"""Rows with too many cells, where one column's text holds unquoted delimiters (Airtel Uganda)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import Mask, money
from mmrecon.statements.layout import Column, Layout
from mmrecon.statements.moments import readable
from mmrecon.statements.rows import position_of
from mmrecon.statements.table import RaggedRecord, RawTable, Record

_MOST_DIGITS: Final = 4


def with_surplus_joined(table: RawTable) -> RawTable:
    """The table with long rows made whole, in the one way that leaves every cell in its place.

    The surplus goes back into the column that may hold unquoted delimiters, or it is empty cells
    at the end. A row that neither way, or either, makes whole stays a long one.
    """
    tokens = table.layout.header_tokens(table.header)
    name, width = table.layout.surplus_cells, len(tokens)
    long = [record for record in table.ragged if len(record.cells) > width]
    if name not in tokens or not long:
        return table
    place = tokens.index(name)
    joined = [_joined(record.cells, place, width, table.delimiter) for record in long]
    trimmed = [record.cells[:width] for record in long]
    is_trimmable = np.array([not any(map(str.strip, record.cells[width:])) for record in long])
    by_joining = _in_place(joined, tokens, table.layout)
    by_trimming = is_trimmable & _in_place(trimmed, tokens, table.layout)
    made = [
        RaggedRecord(record.row, joined[at] if by_joining[at] else trimmed[at])
        for at, record in enumerate(long)
        if by_joining[at] != by_trimming[at]
    ]
    rows = {record.row for record in made}
    left = tuple(record for record in table.ragged if record.row not in rows)
    said: dict[str, str | int] = {"rows": int(by_joining.sum()), "column": table.header[place]}
    notices = (*table.notices, ("surplus_joined", said)) if by_joining.any() else table.notices
    return replace(_with_rows(table, made), ragged=left, notices=notices)


def _joined(cells: Record, place: int, width: int, delimiter: str) -> Record:
    surplus = len(cells) - width
    whole = delimiter.join(cells[place : place + surplus + 1])
    return (*cells[:place], whole, *cells[place + surplus + 1 :])


def _in_place(records: Sequence[Record], tokens: Sequence[str], layout: Layout) -> Mask:
    """Rows whose moment is one and whose amounts are numbers."""

    def cells(column: Column) -> pa.Array | None:
        place = position_of(column, tokens)
        return None if place is None else pa.array([record[place] for record in records])

    fits = np.ones(len(records), dtype=np.bool_)
    for text in layout.text_columns:
        found = cells(text) if text.field == "completed_at" else None
        if found is not None:
            fits &= readable(found, layout.dates)
    for amount in layout.money_columns:
        found = cells(amount)
        if found is not None:
            fits &= ~money(found, layout.money, _MOST_DIGITS).bad
    return fits


def _with_rows(table: RawTable, made: Sequence[RaggedRecord]) -> RawTable:
    """The table with more rows, in order of their numbers."""
    rows = np.r_[table.rows, [record.row for record in made]].astype(np.int64)
    order = pa.array(np.argsort(rows, kind="stable"))
    columns = [
        pa.concat_arrays([column, pa.array([one.cells[at] for one in made], pa.string())])
        for at, column in enumerate(table.columns)
    ]
    return replace(
        table, columns=[pc.take(column, order) for column in columns], rows=np.sort(rows)
    )
