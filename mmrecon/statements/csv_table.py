"""CSV of any delimiter and line end into a table: Arrow's reader, else the csv module."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from mmrecon.statements.header import SEARCHED_RECORDS, Claim, find_claim, no_layout
from mmrecon.statements.layout import Layout
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sniff import Text
from mmrecon.statements.table import RaggedRecord, RawTable, Record

_DELIMITERS: Final = (",", ";", "\t", "|")
_HEAD_BYTES: Final = 1 << 18
_BLOCK_BYTES: Final = 1 << 27


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the data begins: after the header record that a layout claims."""

    claim: Claim
    delimiter: str
    records: list[Record]
    data_offset: int


def read_csv(text: Text, layouts: Sequence[Layout]) -> RawTable:
    """The table in a text file.

    Raises:
        NotReadableError: no layout claims it, or two do, or columns are missing.
    """
    start = _find_start(text.content, layouts)
    notices: list[tuple[str, dict[str, str | int]]] = []
    if text.encoding not in ("utf-8", "utf-8-sig"):
        notices.append(("decoded", {"encoding": text.encoding}))
    header = start.records[start.claim.index]
    fast = _read_fast(text.content[start.data_offset :], start.delimiter, len(header))
    if fast is None:
        notices.append(("read_slowly", {}))
        fast = _read_slowly(text.content[start.data_offset :], start.delimiter, len(header))
    columns, rows, ragged = fast
    first = start.claim.index + 2
    return RawTable(
        layout=start.claim.layout,
        sheet="",
        header=header,
        header_row=first - 1,
        preamble=tuple(start.records[: start.claim.index]),
        columns=columns,
        rows=rows + first,
        ragged=tuple(RaggedRecord(record.row + first, record.cells) for record in ragged),
        notices=tuple(notices),
    )


def _find_start(content: bytes, layouts: Sequence[Layout]) -> _Start:
    head = content[:_HEAD_BYTES].decode("utf-8", errors="ignore")
    parsed = {}
    for delimiter in _DELIMITERS:
        records, ends = _head_records(head, delimiter)
        parsed[delimiter] = records
        claim = find_claim(records, layouts, "csv")
        if claim is not None:
            offset = len(head[: ends[claim.index]].encode())
            return _Start(claim, delimiter, records, offset)
    widest = max(_DELIMITERS, key=lambda mark: max(map(len, parsed[mark]), default=0))
    raise no_layout(parsed[widest], layouts)


def _head_records(head: str, delimiter: str) -> tuple[list[Record], list[int]]:
    """The first records, and the character offset where each ends."""
    consumed = 0

    def lines() -> Iterator[str]:
        nonlocal consumed
        for line in io.StringIO(head, newline=""):
            consumed += len(line)
            yield line

    records: list[Record] = []
    ends: list[int] = []
    try:
        for record in csv.reader(lines(), delimiter=delimiter):
            records.append(tuple(record))
            ends.append(consumed)
            if len(records) == SEARCHED_RECORDS:
                break
    except csv.Error:
        return records, ends
    return records, ends


_Cells = tuple[list[pa.Array], np.ndarray, list[RaggedRecord]]


def _read_fast(content: bytes, delimiter: str, width: int) -> _Cells | None:
    """Cells, record numbers from 0, and ragged records; None where Arrow's reader is not enough.

    Blank lines come as empty cells, a line break inside a cell does not count as a record, and
    ragged records are reported with their number: measured with pyarrow 16 to 22.
    """
    names = [str(index) for index in range(width)]
    if not content[:4096].strip() and not content.strip():
        return [pa.array([], pa.string()) for _ in names], np.empty(0, np.int64), []
    ragged: list[RaggedRecord] = []

    def remember(row: Any) -> str:
        cells = next(csv.reader(io.StringIO(row.text, newline=""), delimiter=delimiter), [])
        ragged.append(RaggedRecord(row.number - 1, tuple(cells)))
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                column_names=names,
                block_size=min(_BLOCK_BYTES, len(content) + 1),
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=remember,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    if any(_repairable(record.cells, width) for record in ragged):
        return None
    columns = [_whole(table[name]) for name in names]
    return columns, _numbers_without(len(table), ragged), ragged


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers_without(count: int, ragged: list[RaggedRecord]) -> np.ndarray:
    numbers = np.arange(count + len(ragged), dtype=np.int64)
    return np.delete(numbers, [record.row for record in ragged]) if ragged else numbers


def _repairable(cells: Record, width: int) -> bool:
    return len(cells) > width and not any(cell.strip() for cell in cells[width:])


def _read_slowly(content: bytes, delimiter: str, width: int) -> _Cells:
    """The same by the csv module, which takes trailing empty cells and odd quoting."""
    rows: list[int] = []
    kept: list[Record] = []
    ragged: list[RaggedRecord] = []
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=delimiter)
    try:
        for number, record in enumerate(reader):
            cells = tuple(record)
            if _repairable(cells, width):
                cells = cells[:width]
            if not cells:
                cells = ("",) * width
            if len(cells) == width:
                rows.append(number)
                kept.append(cells)
            else:
                ragged.append(RaggedRecord(number, cells))
    except csv.Error as error:
        raise NotReadableError("csv_broken", row=len(rows) + len(ragged) + 1) from error
    transposed = list(zip(*kept, strict=True)) or [()] * width
    columns = [pa.array(column, pa.string()) for column in transposed]
    return columns, np.asarray(rows, dtype=np.int64), ragged
