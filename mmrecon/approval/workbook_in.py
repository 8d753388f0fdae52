"""The workbook comes back: read by header names, in whatever order, whatever program saved it.

Amounts shown are compared, never used. What cannot be believed is told row by row in `decide`.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import pandas as pd
from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from mmrecon.approval.cells import cell_text, is_formula
from mmrecon.approval.columns import (
    ANSWER_COLUMNS,
    APPROVE_ALL_TITLE,
    COUNT_TITLE,
    CURRENCY_TITLE,
    DECISION_TITLE,
    KEY_TITLE,
    ROW_ID_TITLE,
    SECTION_TITLE,
    SIGN_OFF_COUNT_TITLE,
    SIGN_OFF_TOTAL_TITLE,
    SIGNED,
    TOTAL_TITLE,
    WORKBOOK_ID_LABEL,
    Column,
    Kind,
)
from mmrecon.approval.returned import Returned, SectionAnswer, SignedOff
from mmrecon.approval.row_digest import digests, joined
from mmrecon.errors import SafetyRefusal
from mmrecon.model.frame import concat
from mmrecon.model.issue import Issue
from mmrecon.model.proposal import ReturnedFrame

_Cells = Sequence[tuple[Any, ...]]

_HEADER_WITHIN: Final = 15
_HIDDEN_ROW: Final = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
_UNPACKED_BYTES: Final = 1_000_000_000
_ACTIVE: Final = ("vbaproject", "xl/externallinks/", "xl/embeddings/", "xl/activex/")
_UNREADABLE: Final = (
    InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, ParseError, DefusedXmlException,
)  # fmt: skip


def read(content: bytes, *, unpacked_bytes: int = _UNPACKED_BYTES) -> Returned:
    """What stands in a returned workbook.

    Raises:
        SafetyRefusal: the file carries macros, links to other files or embedded objects.
    """
    try:
        _refuse_active_content(content, unpacked_bytes)
        book = load_workbook(io.BytesIO(content), read_only=True)
        sheets = [_sheet(sheet.title, _cells(sheet)) for sheet in book.worksheets]
        book.close()
        hidden_rows = _hidden_rows(content)
    except _UNREADABLE:
        return Returned.nothing(Issue("workbook_unreadable"))
    keyed = concat(ReturnedFrame, [sheet.rows for sheet in sheets])
    workbook_id = next((one.workbook_id for one in sheets if one.workbook_id), "")
    workbook_id = workbook_id or _most_common(keyed["key_workbook"])
    if not workbook_id:
        return Returned.nothing(Issue("workbook_not_ours"))
    return Returned(
        workbook_id=workbook_id,
        rows=keyed.assign(
            digest=pd.Series(digests(workbook_id, keyed["shown"].tolist()), dtype="str")
        ),
        sections=[one for sheet in sheets for one in sheet.sections],
        sign_off=[one for sheet in sheets for one in sheet.sign_off],
        issues=[issue for sheet in sheets for issue in sheet.issues],
        hidden_rows=hidden_rows,
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What one sheet holds; `rows` is a ReturnedFrame without digests."""

    workbook_id: str
    rows: pd.DataFrame
    sections: Sequence[SectionAnswer]
    sign_off: Sequence[SignedOff]
    issues: Sequence[Issue]


def _sheet(name: str, cells: _Cells) -> _Sheet:
    """One sheet, after which its cells are forgotten: a big workbook never lies here whole."""
    rows, issues = _rows(name, cells)
    return _Sheet(_workbook_id(cells), rows, list(_sections(cells)), list(_sign_off(cells)), issues)


def _refuse_active_content(content: bytes, unpacked_bytes: int) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name.lower() for name in archive.namelist()]
        if sum(member.file_size for member in archive.infolist()) > unpacked_bytes:
            raise SafetyRefusal(
                "the workbook unpacks to more than this program reads",
                hint="Raise `reading.unpacked_bytes` if it is really a workbook of ours.",
                code="workbook_too_large",
            )
        types = archive.read("[Content_Types].xml").lower()
    if b"macroenabled" in types or any(part in name for name in names for part in _ACTIVE):
        raise SafetyRefusal(
            "the workbook carries macros, embedded objects or links to other files",
            hint="Copy the answers into the workbook as it was written and save that as .xlsx.",
            code="workbook_active_content",
        )


def _hidden_rows(content: bytes) -> int:
    """Rows that a filter or a person hid; openpyxl's fast reader does not tell them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        return sum(len(_HIDDEN_ROW.findall(archive.read(name))) for name in sheets)


def _cells(sheet: Any) -> _Cells:
    sheet.reset_dimensions()
    return list(sheet.iter_rows(values_only=True))


def _workbook_id(cells: _Cells) -> str:
    """The id beside or below its label, where the sheet has one."""
    for number, row in enumerate(cells[:_HEADER_WITHIN]):
        if WORKBOOK_ID_LABEL in row:
            column = row.index(WORKBOOK_ID_LABEL)
            below = cells[number + 1] if number + 1 < len(cells) else ()
            for candidate in (*row[column + 1 : column + 2], *below[column : column + 1]):
                if isinstance(candidate, str) and candidate.strip():
                    return candidate.strip()
    return ""


def _most_common(values: pd.Series) -> str:
    counted = Counter(values[values != ""].tolist()).most_common(1)
    return counted[0][0] if counted else ""


def _header(cells: _Cells, titles: Sequence[str]) -> tuple[int, Mapping[str, int]] | None:
    """The row that holds all these titles, and the column of every title in it."""
    for number, row in enumerate(cells[:_HEADER_WITHIN]):
        named = {cell.strip(): at for at, cell in enumerate(row) if isinstance(cell, str)}
        if all(title in named for title in titles):
            return number, named
    return None


def _rows(name: str, cells: _Cells) -> tuple[pd.DataFrame, list[Issue]]:
    header = _header(cells, (ROW_ID_TITLE, DECISION_TITLE))
    if header is None:
        return ReturnedFrame.empty(), []
    at, columns = header
    wanted = [column.title for column in (*SIGNED, *ANSWER_COLUMNS)] + [KEY_TITLE]
    titles = [str(cell).strip() for cell in cells[at] if cell is not None]
    wrong = [title for title in wanted if titles.count(title) != 1]
    if wrong:
        return ReturnedFrame.empty(), [
            Issue("workbook_columns_wrong", arguments={"sheet": name, "columns": ", ".join(wrong)})
        ]
    body = [
        (number, row)
        for number, row in enumerate(cells[at + 1 :], at + 2)
        if any(value not in (None, "") for value in row)
    ]
    return _frame(name, body, columns), []


def _frame(
    name: str, body: list[tuple[int, tuple[Any, ...]]], columns: Mapping[str, int]
) -> pd.DataFrame:
    def values(title: str) -> list[Any]:
        at = columns[title]
        return [row[at] if at < len(row) else None for _, row in body]

    raw = {column.title: values(column.title) for column in ANSWER_COLUMNS}
    keys = [cell_text(value, Kind.TEXT).partition(":") for value in values(KEY_TITLE)]
    signed = [_texts(values(column.title), column) for column in SIGNED]
    return ReturnedFrame.build(
        {
            "sheet": [name] * len(body),
            "row": [number for number, _ in body],
            "row_id": signed[0],
            "key_workbook": [workbook for workbook, _, _ in keys],
            "key_digest": [digest for _, _, digest in keys],
            "shown": joined(signed),
            "formula": _formulas(raw, len(body)),
            **{column.field: _texts(raw[column.title], column) for column in ANSWER_COLUMNS},
        }
    )


def _texts(values: list[Any], column: Column) -> list[str]:
    return [cell_text(value, column.kind) for value in values]


def _formulas(raw: Mapping[str, list[Any]], length: int) -> list[str]:
    """The first answer column of each row whose cell calculates."""
    found = [""] * length
    for title, values in reversed(list(raw.items())):
        for position, value in enumerate(values):
            if is_formula(value):
                found[position] = title
    return found


def _sections(cells: _Cells) -> Iterator[SectionAnswer]:
    for section, answer, count, total in _table(
        cells, (SECTION_TITLE, APPROVE_ALL_TITLE, COUNT_TITLE, TOTAL_TITLE)
    ):
        if any(value not in (None, "") for value in (answer, count, total)):
            yield SectionAnswer(
                section=cell_text(section, Kind.TEXT),
                answer=cell_text(answer, Kind.TEXT_ANSWER),
                count=cell_text(count, Kind.TEXT_ANSWER),
                total=cell_text(total, Kind.TEXT_ANSWER),
                formula=any(is_formula(value) for value in (answer, count, total)),
            )


def _sign_off(cells: _Cells) -> Iterator[SignedOff]:
    for currency, count, total in _table(
        cells, (CURRENCY_TITLE, SIGN_OFF_COUNT_TITLE, SIGN_OFF_TOTAL_TITLE)
    ):
        if any(value not in (None, "") for value in (count, total)):
            yield SignedOff(
                currency=cell_text(currency, Kind.TEXT),
                count=cell_text(count, Kind.TEXT_ANSWER),
                total=cell_text(total, Kind.TEXT_ANSWER),
                formula=any(is_formula(value) for value in (count, total)),
            )


def _table(cells: _Cells, titles: Sequence[str]) -> Iterator[list[Any]]:
    """The rows below a header with all these titles, those columns only, to the first gap."""
    header = _header(cells, titles)
    if header is None:
        return
    at, columns = header
    for row in cells[at + 1 :]:
        found = [row[columns[title]] if columns[title] < len(row) else None for title in titles]
        if found[0] in {None, ""}:
            return
        yield found
