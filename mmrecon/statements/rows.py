"""Which records are data rows; what is skipped is counted with a reason, and files may repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.layout import Column, TextField
from mmrecon.statements.table import RaggedRecord, RawTable, Record

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one header: a file pasted together from several has several."""

    header_row: int
    preamble: tuple[Record, ...]


@dataclass(frozen=True)
class DataRows:
    """The data rows of a table: `keep` marks them among the table's records.

    `section` numbers the section of each kept row, from 0. Ragged data rows are apart.
    """

    table: RawTable
    keep: Mask
    sections: tuple[Section, ...]
    section: npt.NDArray[np.int64]
    ragged: tuple[RaggedRecord, ...]
    skipped: Counter[str]

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """Record numbers of the kept rows."""
        return self.table.rows[self.keep]

    def position(self, column: Column) -> int | None:
        """Where a declared column stands in the header; None where it is not."""
        return position_of(column, self._tokens)

    @cached_property
    def _tokens(self) -> list[str]:
        return self.table.layout.header_tokens(self.table.header)

    def has(self, field: TextField) -> bool:
        """Whether the file has a column of this field."""
        columns = self.table.layout.text_columns
        return any(col.field == field and self.position(col) is not None for col in columns)

    @property
    def misses_a_fee(self) -> bool:
        """Whether a column of fees was not exported, so that balances need not follow."""
        columns = self.table.layout.money_columns
        return any(col.field == "fee" and self.position(col) is None for col in columns)

    @property
    def left_out(self) -> int:
        """Rows that a rule of the layout left out."""
        return sum(self.skipped[reason] for reason in {r.reason for r in self.table.layout.skips})

    def cells(self, index: int) -> pa.Array:
        """The kept cells of one column."""
        column = self.table.columns[index]
        return column if self.keep.all() else column.filter(pa.array(self.keep))


def position_of(column: Column, tokens: Sequence[str]) -> int | None:
    """Where a declared column stands among a header's tokens; None where it is not."""
    places = [index for index, name in enumerate(tokens) if name == column.name]
    if column.after in tokens and len(places) > 1:
        before = tokens.index(column.after)
        places = [index for index in places if index > before]
    return places[column.occurrence - 1] if len(places) >= column.occurrence else None


def data_rows(table: RawTable) -> DataRows:
    """Set blank lines, repeated headers, preambles inside, and footers apart."""
    skipped: Counter[str] = Counter()
    labels = {record[0] for record in table.preamble if record and record[0].strip()}
    count = len(table.rows)
    keep = np.ones(count, dtype=np.bool_)
    headers = _equal_to_header(table)
    blank = _blank(table)
    preamble = _first_cell_in(table, labels) & ~headers & ~blank
    footer = _footer(table) & ~headers & ~blank & ~preamble
    masks = {"header": headers, "blank": blank, "preamble": preamble, "footer": footer}
    for reason, mask in (*masks.items(), *_skipped(table, ~(headers | blank | preamble | footer))):
        found = int(mask.sum())
        if found:
            skipped[reason] += found
            keep &= ~mask
    ragged, above = _sort_ragged(table, labels, skipped)
    above += [
        RaggedRecord(int(table.rows[at]), tuple(str(column[at]) for column in table.columns))
        for at in np.flatnonzero(preamble)
    ]
    sections = _sections(table, table.rows[headers].tolist(), above)
    starts = np.array([section.header_row for section in sections])
    section = np.searchsorted(starts, table.rows[keep], side="right") - 1
    return DataRows(table, keep, sections, section, tuple(ragged), skipped)


def _skipped(table: RawTable, waiting: Mask) -> Iterator[tuple[str, Mask]]:
    """Rows that a layout's rules leave out, by reason; the first rule that fits holds."""
    tokens = table.layout.header_tokens(table.header)
    nothing = pa.array([""] * len(table.rows), pa.string()) if table.layout.skips else None
    for rule in table.layout.skips:
        found = waiting.copy()
        for name, pattern in rule.where.items():
            cells = table.columns[tokens.index(name)] if name in tokens else nothing
            found &= _as_mask(pc.match_substring_regex(cells, pattern))
        waiting = waiting & ~found
        yield rule.reason, found


def _columns_of(table: RawTable, *fields: str) -> list[int]:
    """Where the columns of these fields stand; those that are not there are left out."""
    tokens = table.layout.header_tokens(table.header)
    places = [
        position_of(column, tokens)
        for column in table.layout.text_columns
        if column.field in fields
    ]
    return [place for place in places if place is not None]


def _as_mask(array: pa.Array) -> Mask:
    mask: Mask = pc.fill_null(array, fill_value=False).to_numpy(zero_copy_only=False)
    return mask


def _equal_to_header(table: RawTable) -> Mask:
    if not len(table.rows):
        return np.zeros(0, dtype=np.bool_)
    places = _columns_of(table, "receipt", "completed_at")
    equal = np.full(len(table.rows), bool(places))
    for place in places:
        equal &= _as_mask(pc.equal(table.columns[place], table.header[place]))
    return equal


def _blank(table: RawTable) -> Mask:
    if not len(table.rows):
        return np.zeros(0, dtype=np.bool_)
    first, *_ = (*_columns_of(table, "receipt", "completed_at"), 0)
    blank = _as_mask(pc.equal(pc.utf8_trim_whitespace(table.columns[first]), ""))
    if not blank.any():
        return blank
    places = np.flatnonzero(blank)
    for column in table.columns:
        cells = pc.utf8_trim_whitespace(column.take(pa.array(places)))
        places = places[_as_mask(pc.equal(cells, ""))]
    blank[:] = False
    blank[places] = True
    return blank


def _first_cell_in(table: RawTable, labels: set[str]) -> Mask:
    if not labels or not len(table.rows):
        return np.zeros(len(table.rows), dtype=np.bool_)
    return _as_mask(pc.is_in(table.columns[0], value_set=pa.array(sorted(labels), pa.string())))


def _footer(table: RawTable) -> Mask:
    found = np.zeros(len(table.rows), dtype=np.bool_)
    if len(table.rows):
        for pattern in table.layout.footers:
            found |= _as_mask(pc.match_substring_regex(table.columns[0], pattern))
    return found


def _sort_ragged(
    table: RawTable, labels: set[str], skipped: Counter[str]
) -> tuple[list[RaggedRecord], list[RaggedRecord]]:
    """Ragged records that are data, and those that are a preamble; the others are counted."""
    data: list[RaggedRecord] = []
    above: list[RaggedRecord] = []
    for record in table.ragged:
        if not any(cell.strip() for cell in record.cells):
            skipped["blank"] += 1
        elif record.cells[0] in labels:
            skipped["preamble"] += 1
            above.append(record)
        elif _is_footer(record.cells[0], table.layout.footers):
            skipped["footer"] += 1
        else:
            data.append(record)
    return data, above


def _is_footer(cell: str, patterns: Iterable[str]) -> bool:
    return any(
        pc.match_substring_regex(pa.array([cell]), pattern)[0].as_py() for pattern in patterns
    )


def _sections(
    table: RawTable, repeated_headers: list[int], above: list[RaggedRecord]
) -> tuple[Section, ...]:
    sections = [Section(table.header_row, table.preamble)]
    for row in repeated_headers:
        last = sections[-1]
        preamble = tuple(record.cells for record in above if last.header_row < record.row < row)
        sections.append(Section(row, preamble))
    return tuple(sections)
