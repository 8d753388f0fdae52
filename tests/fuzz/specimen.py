"""Samples as records that remember where they came from, so that damage can be followed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from python_calamine import CalamineWorkbook

from mmrecon.config import ReadingLimits
from mmrecon.fetch.unpacking import members
from mmrecon.statements.layout import Layout, load_layouts
from mmrecon.statements.reading import Reading, read_member
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.sniff import decode, sniff
from tests.statements.samples import samples

Fact = tuple[str, str, int, int, int]
"""Receipt, class, sign, minor amount, moment of a line."""


@dataclass
class Row:
    """A record: `origin` is its number in the sample, None where it was put in."""

    cells: list[str]
    origin: int | None = None
    touched: bool = False


@dataclass
class Specimen:
    """A sample on its way through mutations. `rows` is None where only its bytes are worked on."""

    name: str
    content: bytes
    facts: dict[int, list[Fact]]
    layout: Layout | None
    header_at: int = 0
    rows: list[Row] | None = None
    dates_touched: bool = False
    steps: list[str] = field(default_factory=list)

    def copy(self) -> Specimen:
        """One of its own, to be mutated."""
        rows = None
        if self.rows is not None:
            rows = [Row(list(row.cells), row.origin) for row in self.rows]
        return replace(self, rows=rows, steps=[])


def facts_by_row(reading: Reading) -> dict[int, list[Fact]]:
    """What each row of a reading became."""
    found: dict[int, list[Fact]] = {}
    names = ["row", "receipt", "line_class", "sign", "amount_minor", "completed_at_utc_s"]
    for row, *fact in reading.lines[names].itertuples(index=False, name=None):
        receipt, line_class, sign, amount, moment = fact
        found.setdefault(int(row), []).append(
            (str(receipt), str(line_class), int(sign), int(amount), int(moment))
        )
    return {row: sorted(facts) for row, facts in found.items()}


@cache
def specimens() -> tuple[Specimen, ...]:
    """Every sample, taken apart."""
    return tuple(_specimen(path) for path in samples())


def _specimen(path: Path) -> Specimen:
    (member,), _ = members(path.read_bytes(), path.name, ReadingLimits())
    content = member.content
    reading = read_member(content, path.name, load_layouts())
    names = {layout.name: layout for layout in load_layouts()}
    layout = None if reading.header is None else names[reading.header.layout]
    specimen = Specimen(path.name, content, facts_by_row(reading), layout)
    records = _records(path.name, content)
    if layout is None or records is None:
        return specimen
    needed = set(layout.fingerprint.required)
    at = next(
        (at for at, cells in enumerate(records) if needed <= set(layout.header_tokens(cells))), None
    )
    if at is None:
        return specimen
    rows = [Row(list(cells), number) for number, cells in enumerate(records, 1)]
    return replace(specimen, rows=rows, header_at=at)


def _records(name: str, content: bytes) -> list[Sequence[str]] | None:
    """The records of a plain table; None where it is something else."""
    try:
        kind = sniff(content)
    except NotReadableError:
        return None
    if kind == "csv":
        text = decode(content).content.decode()
        return (
            None if text.lstrip()[:1] in "{[" else list(csv.reader(io.StringIO(text, newline="")))
        )
    if kind in ("xls", "xlsx"):
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        records = sheet.to_python(skip_empty_area=False)
        if all(isinstance(cell, str) for record in records for cell in record):
            return [[str(cell) for cell in record] for record in records]
    return None
