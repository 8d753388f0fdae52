"""The table in a file that no layout claims: its header is found by what stands below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mmrecon.statements.header import SEARCHED_RECORDS
from mmrecon.statements.layout import Fingerprint, Layout, token
from mmrecon.statements.opening import Opening
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.table import RawTable, Record
from mmrecon.statements.tables import heads_of, table_of

_LETTER: Final = re.compile(r"[^\W\d_]")
_FIGURES: Final = re.compile(r"\d{2,}")
_LONGEST_NAME: Final = 60
_FEWEST_COLUMNS: Final = 3
_BELOW: Final = 20


def unknown_table(content: bytes, opening: Opening) -> tuple[RawTable, bool]:
    """The one table of a file, under a layout that knows nothing but its header; whether JSON.

    Raises:
        NotReadableError: it is no statement, damaged, too large, or nothing looks like a header.
    """
    is_json, heads = heads_of(content, opening)
    headers = [heads[0][0]] if is_json else [_header(records) for records in heads]
    header = max((one for one in headers if one is not None), key=_width, default=None)
    if header is None:
        raise NotReadableError("layout_no_header")
    probe = Layout(
        name="draft",
        title="a table whose columns are not known",
        provider="any",
        refuse="layout_no_header",
        containers=("csv", "json"),
        fingerprint=Fingerprint(required=tuple(dict.fromkeys(filter(None, map(token, header))))),
    )
    return table_of(content, [probe], opening), is_json


def _width(record: Record) -> int:
    return sum(1 for cell in record if cell.strip())


def _header(records: Sequence[Record]) -> Record | None:
    """The widest record of names that has records with figures as wide as itself below."""
    found: Record | None = None
    for at, record in enumerate(records[:SEARCHED_RECORDS]):
        if _is_names(record) and (found is None or _width(record) > _width(found)):
            below = records[at + 1 : at + 1 + _BELOW]
            if any(_is_data(other, record) for other in below):
                found = record
    return found


def _is_names(record: Record) -> bool:
    cells = [cell.strip() for cell in record if cell.strip()]
    if len(cells) < _FEWEST_COLUMNS:
        return False
    names = [
        cell
        for cell in cells
        if _LETTER.search(cell) and len(cell) <= _LONGEST_NAME and not _FIGURES.search(cell)
    ]
    return len(names) == len(cells)


def _is_data(record: Record, header: Record) -> bool:
    """Whether it has about as many cells as the header and holds figures."""
    figures = any(_FIGURES.search(cell) for cell in record)
    return figures and abs(len(record) - len(header)) <= 1 and _width(record) >= _FEWEST_COLUMNS
