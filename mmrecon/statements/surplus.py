"""Rows with too many cells, where one column's text holds unquoted delimiters (Airtel Uganda)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from mmrecon.statements.table import RaggedRecord, RawTable, Record


def with_surplus_joined(table: RawTable) -> RawTable:
    """The table with the surplus cells of its long rows put back into the declared column.

    A row joined wrongly has other columns out of place, and is refused when it is typed.
    """
    name = table.layout.surplus_cells
    tokens = table.layout.header_tokens(table.header)
    width = len(tokens)
    long = [record for record in table.ragged if len(record.cells) > width]
    if name not in tokens or not long:
        return table
    place = tokens.index(name)
    joined = [_joined(record, place, width, table.delimiter) for record in long]
    rows = np.r_[table.rows, [record.row for record in long]].astype(np.int64)
    order = np.argsort(rows, kind="stable")
    columns = [
        pa.concat_arrays([column, pa.array([cells[at] for cells in joined], pa.string())]).take(
            pa.array(order)
        )
        for at, column in enumerate(table.columns)
    ]
    short = tuple(record for record in table.ragged if len(record.cells) <= width)
    said: dict[str, str | int] = {"rows": len(long), "column": table.header[place].strip()}
    notices = (*table.notices, ("surplus_joined", said))
    return replace(table, columns=columns, rows=rows[order], ragged=short, notices=notices)


def _joined(record: RaggedRecord, place: int, width: int, delimiter: str) -> Record:
    surplus = len(record.cells) - width
    whole = delimiter.join(record.cells[place : place + surplus + 1])
    return (*record.cells[:place], whole, *record.cells[place + surplus + 1 :])
