"""Workbooks, and markup saved as `.xls`, into a table.

Calamine reads `.xls`, `.xlsx` and `.ods` (performance.md: ten times openpyxl).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.above import refuse_rows_above
from mmrecon.statements.csv_table import csv_heads, read_csv
from mmrecon.statements.header import (
    SEARCHED_RECORDS,
    Claim,
    find_claim,
    no_layout,
    unknown_columns,
)
from mmrecon.statements.layout import Layout
from mmrecon.statements.mojibake import whole_columns
from mmrecon.statements.opening import Opening
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sniff import Kind, Text
from mmrecon.statements.table import RawTable, Record

_PATIENCE_S: Final = 300
_REFUSED: Final = 3
_FULL: Final = (1 << 16, 1 << 20)
"""Rows of a whole sheet: what comes after them was cut off (domain.md F-20)."""

_ROW_IN_A_CELL: Final = r"^[^,;\t|]*(?:,[^,]*){3}|^[^,;\t|]*(?:;[^;]*){3}|^[^,;\t|]*(?:\t[^\t]*){3}"

_Notices = list[tuple[str, Mapping[str, str | int]]]


@dataclass(frozen=True)
class _Sheet:
    """One sheet: its text columns, which of their cells are dates, and notices about it."""

    columns: list[pa.Array]
    dates: dict[int, npt.NDArray[np.bool_]]
    rows: int
    hidden_rows: int
    notice: str

    def records(self, count: int) -> list[Record]:
        """The first records."""
        heads = [column[:count].to_pylist() for column in self.columns]
        return [tuple(cells) for cells in zip(*heads, strict=True)]


def read_excel(content: bytes, kind: Kind, layouts: Sequence[Layout], opening: Opening) -> RawTable:
    """The table in the one sheet that a layout claims.

    Raises:
        NotReadableError: encrypted, broken, too large, no sheet is claimed, or several are.
    """
    sheets = _sheets(content, kind, opening)
    heads = {name: sheet.records(SEARCHED_RECORDS) for name, sheet in sheets.items()}
    container = "xlsx" if kind == "xlsx" else "xls"
    claims = {name: find_claim(head, layouts, container) for name, head in heads.items()}
    claimed = {name: claim for name, claim in claims.items() if claim is not None}
    packed = _packed(sheets) if not claimed else None
    if packed is not None:
        table = read_csv(Text(packed, "utf-8"), layouts, opening.sheet)
        return replace(table, notices=(*table.notices, ("rows_unwrapped", {})))
    if not claimed:
        raise _unclaimed([record for head in heads.values() for record in head], layouts, kind)
    if len(claimed) > 1:
        raise NotReadableError("several_sheets", sheets=len(claimed))
    name, claim = next(iter(claimed.items()))
    if sheets[name].rows in _FULL:
        raise NotReadableError("sheet_full", rows=sheets[name].rows)
    others = sum(1 for other, sheet in sheets.items() if other != name and sheet.rows)
    notices: _Notices = [("sheets_skipped", {"sheets": others})] if others else []
    hidden = sum(sheet.hidden_rows for sheet in sheets.values())
    if hidden:
        notices.append(("rows_hidden", {"rows": hidden}))
    if sheets[name].notice:
        notices.append((sheets[name].notice, {}))
    table = _table(name, sheets[name], claim, notices)
    refuse_rows_above(table)
    return table


def excel_heads(content: bytes, kind: Kind, opening: Opening) -> list[list[Record]]:
    """The first records of each sheet of a workbook.

    Raises:
        NotReadableError: encrypted, broken or too large.
    """
    sheets = _sheets(content, kind, opening)
    packed = _packed(sheets)
    if packed is not None:
        return csv_heads(Text(packed, "utf-8"))
    return [sheet.records(SEARCHED_RECORDS) for sheet in sheets.values()]


def _packed(sheets: Mapping[str, _Sheet]) -> bytes | None:
    """The text of a workbook whose only column holds whole delimited rows; None for any other."""
    filled = [sheet for sheet in sheets.values() if sheet.rows]
    if len(filled) != 1 or not filled[0].columns:
        return None
    first, *others = filled[0].columns
    if any(pc.any(pc.not_equal(column, "")).as_py() for column in others):
        return None
    delimited = pc.sum(pc.match_substring_regex(first, _ROW_IN_A_CELL)).as_py() or 0
    return "\r\n".join(first.to_pylist()).encode() if 2 * delimited > len(first) else None


def _unclaimed(records: list[Record], layouts: Sequence[Layout], kind: Kind) -> NotReadableError:
    """Why no sheet is a statement; a page that is not even like one is a page."""
    if not records:
        return NotReadableError("html_file" if kind == "html" else "empty_file")
    reason = no_layout(records, layouts)
    if kind == "html" and reason.code == "no_layout_at_all":
        return NotReadableError("html_file")
    return reason


def _sheets(content: bytes, kind: Kind, opening: Opening) -> dict[str, _Sheet]:
    """Every sheet as text columns, opened in a process that may die alone."""
    order = json.dumps({"kind": kind, **opening.order()}).encode()
    try:
        child = subprocess.run(
            [sys.executable, "-m", "mmrecon.statements.workbook_child"],
            input=order + b"\n" + content,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotReadableError("workbook_memory") from error
    if child.returncode == _REFUSED:
        code, arguments = json.loads(child.stderr.splitlines()[-1])
        raise NotReadableError(code, **arguments)
    if child.returncode != 0:
        raise NotReadableError("workbook_memory" if child.returncode < 0 else "workbook_broken")
    return _received(child.stdout)


def _received(stream: bytes) -> dict[str, _Sheet]:
    sheets = {}
    source = pa.BufferReader(stream)
    while source.tell() < source.size():
        table = pa.ipc.open_stream(source).read_all()
        facts = table.schema.metadata
        sheets[facts[b"sheet"].decode()] = _sheet(table, int(facts[b"hidden_rows"]))
    return sheets


def _sheet(table: pa.Table, hidden_rows: int) -> _Sheet:
    width = sum(1 for name in table.column_names if name.startswith("c"))
    texts = [table[f"c{index}"].combine_chunks() for index in range(width)]
    dates = {
        index: table[f"d{index}"].combine_chunks().to_numpy(zero_copy_only=False)
        for index in range(width)
        if f"d{index}" in table.column_names
    }
    columns, notice = whole_columns(texts)
    return _Sheet(columns, dates, len(table), hidden_rows, notice)


def _table(name: str, sheet: _Sheet, claim: Claim, notices: _Notices) -> RawTable:
    first = claim.index + 2
    head = sheet.records(first - 1)
    return RawTable(
        layout=claim.layout,
        sheet=name,
        header=head[claim.index],
        header_row=first - 1,
        preamble=tuple(head[: claim.index]),
        columns=[column[first - 1 :] for column in sheet.columns],
        rows=np.arange(first, sheet.rows + 1, dtype=np.int64),
        true_dates={place: marks[first - 1 :] for place, marks in sheet.dates.items()},
        notices=(*notices, *unknown_columns(claim.layout, head[claim.index])),
    )
