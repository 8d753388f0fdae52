"""A sheet on its way out of a workbook: text cells, which of them are dates, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.refusal import NotReadableError


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """How large a table may be."""

    rows: int
    columns: int
    cell_characters: int

    def as_mapping(self) -> dict[str, int]:
        """For a process of its own."""
        return asdict(self)

    def check_rows(self, rows: int) -> None:
        """Refuse a table with more records."""
        if rows > self.rows:
            raise NotReadableError("too_many_rows", rows=rows, limit=self.rows)

    def check_columns(self, columns: int) -> None:
        """Refuse a table with wider records."""
        if columns > self.columns:
            raise NotReadableError("too_many_columns", columns=columns, limit=self.columns)

    def check_cell(self, characters: int) -> None:
        """Refuse a table with a longer cell."""
        if characters > self.cell_characters:
            raise NotReadableError(
                "cell_too_long", characters=characters, limit=self.cell_characters
            )


@dataclass
class Sheet:
    """Records of one sheet, as they are met."""

    name: str
    limits: SheetLimits
    records: list[Sequence[str]] = field(default_factory=list)
    dates: dict[int, list[int]] = field(default_factory=dict)
    hidden_rows: int = 0

    def add(self, cells: Sequence[str], is_date: Sequence[bool] = ()) -> None:
        """One more record; `is_date` marks cells that hold true dates."""
        self.limits.check_rows(len(self.records) + 1)
        self.limits.check_columns(len(cells))
        self.limits.check_cell(max(map(len, cells), default=0))
        for place, marked in enumerate(is_date):
            if marked:
                self.dates.setdefault(place, []).append(len(self.records))
        self.records.append(cells)

    def skip_to(self, count: int) -> None:
        """Empty records up to a count, as a row with its own number asks for."""
        self.limits.check_rows(count)
        self.records += [()] * (count - len(self.records))

    def table(self) -> pa.Table:
        """Text columns `c0`, `c1` …, and `d0` … beside those that hold dates."""
        width = max(map(len, self.records), default=0)
        columns: dict[str, pa.Array] = {}
        for place in range(width):
            texts = [cells[place] if place < len(cells) else "" for cells in self.records]
            columns[f"c{place}"] = pa.array(texts, pa.string())
            if place in self.dates:
                marks = [False] * len(texts)
                for at in self.dates[place]:
                    marks[at] = True
                columns[f"d{place}"] = pa.array(marks)
        return pa.table(columns)


def longest(column: pa.Array) -> int:
    """The length of a column's longest cell in bytes."""
    return int(pc.max(pc.binary_length(column)).as_py() or 0)
