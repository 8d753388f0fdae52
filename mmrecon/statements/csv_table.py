"""CSV of any delimiter and line end into a table: where its header is, and what is below it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mmrecon.statements.above import refuse_rows_above
from mmrecon.statements.csv_cells import CellReader, unwrap
from mmrecon.statements.header import (
    SEARCHED_RECORDS,
    Claim,
    find_claim,
    no_layout,
    unknown_columns,
)
from mmrecon.statements.layout import Layout
from mmrecon.statements.sheet import SheetLimits
from mmrecon.statements.sniff import Text
from mmrecon.statements.table import RaggedRecord, RawTable, Record

_DELIMITERS: Final = (",", ";", "\t", "|", "^", "~", "\x1f")
_HEAD_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the data begins: after the header record that a layout claims."""

    claim: Claim
    delimiter: str
    records: list[Record]
    data_offset: int


def read_csv(text: Text, layouts: Sequence[Layout], limits: SheetLimits) -> RawTable:
    """The table in a text file.

    Raises:
        NotReadableError: no layout claims it, or two do, columns are missing, or it is too large.
    """
    notices: list[tuple[str, dict[str, str | int]]] = [(code, {}) for code in text.notices]
    if text.encoding not in ("utf-8", "utf-8-sig"):
        notices.append(("decoded", {"encoding": text.encoding}))
    content = text.content
    line_end = b"\n" if b"\n" in content else b"\r"
    limits.check_rows(content.count(line_end))
    unwrapped = unwrap(content, _head(content))
    if unwrapped is not None:
        content = unwrapped
        notices.append(("rows_unwrapped", {}))
    start = _find_start(content, layouts)
    header = start.records[start.claim.index]
    limits.check_columns(len(header))
    keeps_surplus = start.claim.layout.surplus_cells is not None
    below = memoryview(content)[start.data_offset :]
    reader = CellReader(below, start.delimiter, len(header), limits, keeps_surplus)
    cells = reader.fast()
    if cells is None:
        notices.append(("read_slowly", {}))
        cells = reader.slow()
    first = start.claim.index + 2
    breaks = content.count(line_end, start.data_offset)
    if breaks > len(cells.rows) + len(cells.ragged):  # else no cell has a line break inside
        reader.refuse_swallowed(cells, first)
    table = RawTable(
        layout=start.claim.layout,
        sheet="",
        header=header,
        header_row=first - 1,
        preamble=tuple(start.records[: start.claim.index]),
        columns=cells.columns,
        rows=cells.rows + first,
        ragged=tuple(RaggedRecord(record.row + first, record.cells) for record in cells.ragged),
        notices=(*notices, *unknown_columns(start.claim.layout, header)),
        delimiter=start.delimiter,
    )
    refuse_rows_above(table)
    return table


def csv_heads(text: Text) -> list[list[Record]]:
    """The first records of a text file, once for each mark that may part its cells."""
    unwrapped = unwrap(text.content, _head(text.content))
    head = _head(text.content if unwrapped is None else unwrapped)
    return [_head_records(head, delimiter)[0] for delimiter in _delimiters(head)]


def _find_start(content: bytes, layouts: Sequence[Layout]) -> _Start:
    head = _head(content)
    parsed = {}
    for delimiter in _delimiters(head):
        records, ends = _head_records(head, delimiter)
        parsed[delimiter] = records
        claim = find_claim(records, layouts, "csv")
        if claim is not None:
            offset = len(head[: ends[claim.index]].encode())
            return _Start(claim, delimiter, records, offset)
    widest = max(parsed, key=lambda mark: max(map(len, parsed[mark]), default=0))
    raise no_layout(parsed[widest], layouts)


def _head(content: bytes) -> str:
    return content[:_HEAD_BYTES].decode("utf-8", errors="ignore")


def _delimiters(head: str) -> tuple[str, ...]:
    """What may part the cells; a first line `sep=;`, as Excel writes it, says so."""
    named = head[4:5] if head[:4].lower() == "sep=" and head[5:6] in ("\r", "\n") else ""
    is_usable = bool(named) and named not in _DELIMITERS and not named.isalnum()
    return (named, *_DELIMITERS) if is_usable and named not in '\r\n"' else _DELIMITERS


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
