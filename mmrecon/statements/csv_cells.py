"""Cells of a delimited text below its header: Arrow's reader, else the csv module."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from mmrecon.statements.cells import as_mask
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sheet import SheetLimits, longest
from mmrecon.statements.table import RaggedRecord, Record

_BLOCK_BYTES: Final = 1 << 30
_RAGGED_AT_MOST: Final = 100_000
_CHUNK_ROWS: Final = 50_000
_WRAPPED_CUTS: Final = 3
"""So many delimiters inside a record's only cell make it a row that was packed into one cell."""

_WRAPPED_MARKS: Final = (",", ";", "\t")


@dataclass(frozen=True)
class Cells:
    """Text columns, the numbers of their records from 0, and records of another width."""

    columns: list[pa.Array]
    rows: npt.NDArray[np.int64]
    ragged: list[RaggedRecord]


@dataclass
class CellReader:
    """The text below a header of `width` cells.

    With `keeps_surplus` empty cells at the end of a long record are no repair: they may be the
    row's last ones, pushed out by delimiters in its text.
    """

    content: memoryview
    delimiter: str
    width: int
    limits: SheetLimits
    keeps_surplus: bool = False
    _too_wide: int = field(default=0, init=False)
    _too_many: bool = field(default=False, init=False)

    def fast(self) -> Cells | None:
        """Cells by Arrow's reader; None where it is not enough.

        Blank lines come as empty cells, a line break inside a cell does not count as a record,
        and ragged records are reported with their number: measured with pyarrow 16 to 26.

        Raises:
            NotReadableError: a record or a cell is too long, or most records have another width.
        """
        if not bytes(self.content[:4096]).strip() and not bytes(self.content).strip():
            return Cells([pa.array([], pa.string())] * self.width, np.empty(0, np.int64), [])
        cells = self._arrow(self.width)
        if cells is None or not any(self._is_repairable(one.cells) for one in cells.ragged):
            return cells
        widths = {len(record.cells) for record in cells.ragged}
        if len(cells.rows) or len(widths) > 1:
            return None
        wide = self._arrow(widths.pop())
        if wide is None or any(_has_text(column) for column in wide.columns[self.width :]):
            return None
        return Cells(wide.columns[: self.width], wide.rows, wide.ragged)

    def _arrow(self, width: int) -> Cells | None:
        names = [str(index) for index in range(width)]
        ragged: list[RaggedRecord] = []
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(self.content),
                read_options=pyarrow.csv.ReadOptions(
                    use_threads=False,
                    column_names=names,
                    block_size=min(_BLOCK_BYTES, len(self.content) + 1),
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=lambda row: self._remember(row, ragged),
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types={name: pa.string() for name in names}, strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            self._refuse_odd_records()
            return None
        columns = [_whole(table[name]) for name in names]
        for column in columns:
            self.limits.check_cell(longest(column))
        return Cells(columns, _numbers_without(len(table), ragged), ragged)

    def _remember(self, row: Any, ragged: list[RaggedRecord]) -> str:
        """Keep a record of another width, as long as it is harmless to keep."""
        self._too_wide = max(self._too_wide, row.text.count(self.delimiter) + 1)
        self._too_many = len(ragged) >= _RAGGED_AT_MOST
        if self._too_wide > self.limits.columns or self._too_many:
            return "error"
        stream = io.StringIO(row.text, newline="")
        cells = next(csv.reader(stream, delimiter=self.delimiter), [])
        ragged.append(RaggedRecord(row.number - 1, tuple(cells)))
        return "skip"

    def _refuse_odd_records(self) -> None:
        self.limits.check_columns(self._too_wide)
        if self._too_many:
            raise NotReadableError("csv_ragged", width=self.width, limit=_RAGGED_AT_MOST)

    def _is_repairable(self, cells: Record) -> bool:
        surplus = () if self.keeps_surplus else cells[self.width :]
        return bool(surplus) and not any(map(str.strip, surplus))

    def slow(self) -> Cells:
        """The same by the csv module, which takes trailing empty cells and odd quoting.

        Raises:
            NotReadableError: a record or a cell is too long, or the text makes no sense as CSV.
        """
        number, rows, ragged = 0, list[int](), list[RaggedRecord]()
        kept: list[Record] = []
        chunks: list[list[pa.Array]] = [self._transposed([])]
        stream = io.StringIO(str(self.content, "utf-8"), newline="")
        try:
            for number, record in enumerate(csv.reader(stream, delimiter=self.delimiter)):
                cells = self._trimmed(tuple(record))
                if len(cells) == self.width:
                    rows.append(number)
                    kept.append(cells)
                else:
                    self._too_wide, self._too_many = len(cells), len(ragged) >= _RAGGED_AT_MOST
                    self._refuse_odd_records()
                    ragged.append(RaggedRecord(number, cells))
                if len(kept) == _CHUNK_ROWS:
                    chunks.append(self._transposed(kept))
                    kept = []
        except csv.Error as error:
            raise NotReadableError("csv_broken", row=number + 1) from error
        chunks.append(self._transposed(kept))
        columns = [pa.concat_arrays(parts) for parts in zip(*chunks, strict=True)]
        return Cells(columns, np.asarray(rows, dtype=np.int64), ragged)

    def _trimmed(self, cells: Record) -> Record:
        """A record without empty cells beyond the header; a blank one with as many as it."""
        if not cells:
            return ("",) * self.width
        return cells[: self.width] if self._is_repairable(cells) else cells

    def _transposed(self, records: list[Record]) -> list[pa.Array]:
        columns = [
            pa.array([record[place] for record in records], pa.string())
            for place in range(self.width)
        ]
        for column in columns:
            self.limits.check_cell(longest(column))
        return columns

    def refuse_swallowed(self, cells: Cells, first_row: int) -> None:
        """Refuse text in which a quotation mark that is never closed swallowed whole records.

        Raises:
            NotReadableError: a cell holds a line break and as many delimiters as a record.
        """
        odd = [
            record.row
            for record in cells.ragged
            if any(_holds_record(cell, self.delimiter, self.width) for cell in record.cells)
        ]
        for column in cells.columns:
            many = pc.greater_equal(pc.count_substring(column, self.delimiter), self.width - 1)
            broken = pc.match_substring_regex(column, "[\r\n]")
            odd += cells.rows[as_mask(pc.and_(many, broken))].tolist()
        if odd:
            raise NotReadableError("csv_quotes", row=min(odd) + first_row)


def _holds_record(cell: str, delimiter: str, width: int) -> bool:
    return ("\n" in cell or "\r" in cell) and cell.count(delimiter) >= width - 1


def _has_text(column: pa.Array) -> bool:
    return bool(pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py())


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers_without(count: int, ragged: list[RaggedRecord]) -> npt.NDArray[np.int64]:
    numbers = np.arange(count + len(ragged), dtype=np.int64)
    return np.delete(numbers, [record.row for record in ragged]) if ragged else numbers


def unwrap(content: bytes, head: str) -> bytes | None:
    """Text whose every record was packed into one quoted cell, taken out again; else None.

    Excel saves a CSV that it did not take apart in this way (statement-formats.md 5.1).
    """
    if '"' not in head:
        return None
    for mark in _WRAPPED_MARKS:
        if _is_wrapped(head, mark):
            return _unwrapped(content, mark)
    return None


def _is_wrapped(head: str, mark: str) -> bool:
    """Whether most records with text are one cell with a record inside."""
    try:
        records = list(csv.reader(io.StringIO(head, newline=""), delimiter=mark))
    except csv.Error:
        return False
    filled = [record for record in records if any(record)]
    packed = sum(1 for record in filled if _is_packed(record, mark))
    return 2 * packed > len(filled)


def _is_packed(record: list[str], mark: str) -> bool:
    return bool(record) and not any(record[1:]) and record[0].count(mark) >= _WRAPPED_CUTS


def _unwrapped(content: bytes, mark: str) -> bytes | None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=mark)
    try:
        for record in csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=mark):
            if _is_packed(record, mark):
                out.write(record[0] + "\r\n")
            else:
                writer.writerow(record)
    except csv.Error:
        return None
    return out.getvalue().encode()
