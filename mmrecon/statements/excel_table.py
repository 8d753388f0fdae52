"""OLE2 `.xls` and `.xlsx` into a table, read by calamine (performance.md: ten times openpyxl)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from mmrecon.statements.header import SEARCHED_RECORDS, Claim, find_claim, no_layout
from mmrecon.statements.layout import Layout
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sniff import Kind
from mmrecon.statements.table import RawTable, Record
from mmrecon.statements.workbook_child import ENCRYPTED

_PATIENCE_S: Final = 300
_Notices = tuple[tuple[str, dict[str, str | int]], ...]


def read_excel(content: bytes, kind: Kind, layouts: Sequence[Layout]) -> RawTable:
    """The table in the one sheet that a layout claims.

    Raises:
        NotReadableError: encrypted, broken, no sheet is claimed, or several are.
    """
    sheets = _sheets(content)
    heads = {name: _records(sheet, SEARCHED_RECORDS) for name, sheet in sheets.items()}
    claims = {name: find_claim(head, layouts, kind) for name, head in heads.items()}
    claimed = {name: claim for name, claim in claims.items() if claim is not None}
    if not claimed:
        filled = [record for head in heads.values() for record in head]
        raise no_layout(filled, layouts) if filled else NotReadableError("empty_file")
    if len(claimed) > 1:
        raise NotReadableError("several_sheets", sheets=len(claimed))
    name, claim = next(iter(claimed.items()))
    others = sum(1 for other, sheet in sheets.items() if other != name and len(sheet))
    notices: _Notices = (("sheets_skipped", {"sheets": others}),) if others else ()
    return _table(name, sheets[name], heads[name], claim, notices)


def _sheets(content: bytes) -> dict[str, pa.Table]:
    """Every sheet as text columns, opened in a process that may die alone."""
    try:
        child = subprocess.run(
            [sys.executable, "-m", "mmrecon.statements.workbook_child"],
            input=content,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotReadableError("workbook_broken") from error
    if child.returncode == ENCRYPTED:
        raise NotReadableError("encrypted_workbook")
    if child.returncode != 0:
        raise NotReadableError("workbook_broken")
    sheets = {}
    source = pa.BufferReader(child.stdout)
    while source.tell() < source.size():
        table = pa.ipc.open_stream(source).read_all()
        sheets[table.schema.metadata[b"sheet"].decode()] = table
    return sheets


def _width(sheet: pa.Table) -> int:
    return sum(1 for name in sheet.column_names if name.startswith("c"))


def _records(sheet: pa.Table, count: int) -> list[Record]:
    head = sheet.slice(0, count)
    columns = [head[f"c{index}"].to_pylist() for index in range(_width(sheet))]
    return [tuple(cells) for cells in zip(*columns, strict=True)]


def _table(
    name: str, sheet: pa.Table, head: list[Record], claim: Claim, notices: _Notices
) -> RawTable:
    first = claim.index + 2
    data = sheet.slice(first - 1)
    width = _width(sheet)
    return RawTable(
        layout=claim.layout,
        sheet=name,
        header=head[claim.index],
        header_row=first - 1,
        preamble=tuple(head[: claim.index]),
        columns=[data[f"c{index}"].combine_chunks() for index in range(width)],
        rows=np.arange(first, first + len(data), dtype=np.int64),
        true_dates={
            index: data[f"d{index}"].combine_chunks().to_numpy(zero_copy_only=False)
            for index in range(width)
            if f"d{index}" in data.column_names
        },
        notices=notices,
    )
