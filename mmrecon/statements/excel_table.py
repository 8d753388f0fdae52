"""OLE2 `.xls` and `.xlsx` into a table, read by calamine (performance.md: ten times openpyxl)."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from mmrecon.statements.header import Claim, find_claim, no_layout
from mmrecon.statements.layout import Layout
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sniff import Kind
from mmrecon.statements.table import RawTable, Record


def read_excel(content: bytes, kind: Kind, layouts: Sequence[Layout]) -> RawTable:
    """The table in the one sheet that a layout claims.

    Raises:
        NotReadableError: encrypted, broken, no sheet is claimed, or several are.
    """
    sheets = _sheets(content)
    heads = {name: [_texts(record) for record in rows[:100]] for name, rows in sheets.items()}
    claims = {name: find_claim(head, layouts, kind) for name, head in heads.items()}
    claimed = {name: claim for name, claim in claims.items() if claim is not None}
    if not claimed:
        filled = [record for head in heads.values() for record in head]
        raise no_layout(filled, layouts) if filled else NotReadableError("empty_file")
    if len(claimed) > 1:
        raise NotReadableError("several_sheets", sheets=len(claimed))
    name, claim = next(iter(claimed.items()))
    others = sum(1 for other, rows in sheets.items() if other != name and rows)
    notices: tuple[tuple[str, dict[str, str | int]], ...] = ()
    if others:
        notices = (("sheets_skipped", {"sheets": others}),)
    return _table(name, sheets[name], claim, notices)


def _sheets(content: bytes) -> dict[str, list[list[Any]]]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in workbook.sheet_names
        }
    except PasswordError as error:
        raise NotReadableError("encrypted_workbook") from error
    except CalamineError as error:
        raise NotReadableError("workbook_broken") from error


def _table(
    name: str,
    records: list[list[Any]],
    claim: Claim,
    notices: tuple[tuple[str, dict[str, str | int]], ...],
) -> RawTable:
    header = _texts(records[claim.index])
    data = records[claim.index + 1 :]
    transposed = list(zip(*data, strict=True)) if data else [()] * len(header)
    columns = [pa.array(_texts(column), pa.string()) for column in transposed]
    true_dates = {}
    for index, column in enumerate(transposed):
        if any(isinstance(cell, dt.datetime) for cell in column):
            true_dates[index] = np.fromiter(
                (isinstance(cell, dt.datetime) for cell in column), np.bool_, len(column)
            )
    first = claim.index + 2
    return RawTable(
        layout=claim.layout,
        sheet=name,
        header=header,
        header_row=first - 1,
        preamble=tuple(_texts(record) for record in records[: claim.index]),
        columns=columns,
        rows=np.arange(first, first + len(data), dtype=np.int64),
        true_dates=true_dates,
        notices=notices,
    )


def _texts(cells: Sequence[Any]) -> Record:
    return tuple([cell if type(cell) is str else _text(cell) for cell in cells])


def _text(cell: Any) -> str:
    """A typed cell as the text a CSV export would hold; whole numbers without a point."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        rounded = cell + dt.timedelta(microseconds=500_000)
        return rounded.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)
