"""Sheets with one row per line, from “To approve” to “Posted already”."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from mmrecon.approval.columns import (
    COLUMNS,
    DECISION_TITLE,
    PRINTED,
    TITLES,
    Column,
    Kind,
)
from mmrecon.approval.content import WorkbookContent
from mmrecon.approval.formats import Formats
from mmrecon.approval.guidance import guide_answers
from mmrecon.approval.printing import print_setup
from mmrecon.model.money import to_decimal
from mmrecon.model.proposal import ANSWERABLE, Sheet

HEADER_ROW: Final = 1
"""Sheets carry one line of advice, then the header."""

_ADVICE_HEIGHT: Final = 41
_ROW_HEIGHT: Final = 16
_FURTHER: Final = "Further answers: only what the chosen decision needs"
_TALLEST: Final = 7
"""Lines of text a row shows at most, so that several rows stand on a screen."""

_TABS: Final[dict[Sheet, str]] = {
    Sheet.TO_APPROVE: "#2E7D4F",
    Sheet.NEEDS_DECISION: "#C77700",
    Sheet.SUSPENSE: "#B3261E",
    Sheet.NOT_POSTED: "#8A8A8A",
    Sheet.POSTED_ALREADY: "#8A8A8A",
}

_ADVICE: Final[dict[Sheet, str]] = {
    Sheet.TO_APPROVE: (
        "Safe matches. Leave Decision empty and approve the section on the sheet “Approve all”, "
        "or decide single rows here. You may sort, filter and hide."
    ),
    Sheet.NEEDS_DECISION: (
        "Choose a Decision: “approve” takes the proposed account. What others need stands beside "
        "the cell, and at the right of the candidates: Different account, Split, Reason …"
    ),
    Sheet.SUSPENSE: (
        "Nobody knows yet whose money this is. Name the owner (different account, split), "
        "or leave Decision empty: the row comes again tomorrow, a day older."
    ),
    Sheet.NOT_POSTED: (
        "For your information: nothing is posted for these lines. "
        "Book by hand what your books need."
    ),
    Sheet.POSTED_ALREADY: (
        "Somebody has posted these in Fineract; mmrecon posts nothing again. To link them, the "
        "preparer runs mmrecon submit --as NAME (without a file); another person approves."
    ),
}


def write_rows(
    book: Workbook, formats: Formats, content: WorkbookContent, sheet: Sheet, frame: pd.DataFrame
) -> None:
    """One sheet of rows; `frame` is a ProposalFrame with `key` beside it."""
    columns = COLUMNS[sheet]
    worksheet = book.add_worksheet(TITLES[sheet])
    _set_columns(worksheet, formats, columns)
    _write_head(worksheet, formats, sheet, columns)
    _write_cells(worksheet, formats, columns, frame)
    first, last = HEADER_ROW + 1, HEADER_ROW + max(len(frame), 1)
    worksheet.autofilter(HEADER_ROW, 0, last, len(columns) - 1)
    if sheet in ANSWERABLE:
        guide_answers(worksheet, formats, columns, first, last)
    worksheet.conditional_format(
        first, 0, last, len(columns) - 1,
        {"type": "formula", "criteria": "=TRUE", "format": formats.ruled},
    )  # fmt: skip
    worksheet.freeze_panes(first, _frozen(columns))
    worksheet.set_tab_color(_TABS[sheet])
    print_setup(worksheet, content, TITLES[sheet])
    worksheet.repeat_rows(HEADER_ROW)
    worksheet.print_area(HEADER_ROW, 0, last, PRINTED[sheet] - 1)


def _write_head(
    worksheet: Worksheet, formats: Formats, sheet: Sheet, columns: Sequence[Column]
) -> None:
    """Advice over the columns that never scroll away, a word over the further answers, titles."""
    worksheet.set_default_row(_ROW_HEIGHT)
    worksheet.set_row(0, _ADVICE_HEIGHT)
    worksheet.merge_range(0, 0, 0, _frozen(columns) - 1, _ADVICE[sheet], formats.advice)
    further = [number for number, column in enumerate(columns) if _is_answer(column)][1:]
    if further:
        worksheet.write_string(0, further[0], _FURTHER, formats.hint)
    worksheet.set_row(HEADER_ROW, 32)
    for number, column in enumerate(columns):
        style = formats.header
        if _is_answer(column):
            style = formats.answer_header
        elif column.kind in (Kind.AMOUNT, Kind.NUMBER):
            style = formats.number_header
        worksheet.write_string(HEADER_ROW, number, column.title, style)


def _is_answer(column: Column) -> bool:
    return column.kind in (Kind.TEXT_ANSWER, Kind.DATE_ANSWER)


def _set_columns(worksheet: Worksheet, formats: Formats, columns: Sequence[Column]) -> None:
    by_kind = {
        Kind.TEXT: formats.text,
        Kind.AMOUNT: formats.plain,
        Kind.MOMENT: formats.moment,
        Kind.NUMBER: formats.number,
        Kind.DATE_ANSWER: formats.date,
        Kind.TEXT_ANSWER: formats.text,
    }
    for number, column in enumerate(columns):
        style = formats.wrapped if column.wrap else by_kind[column.kind]
        options = {"hidden": True} if column.hidden else {}
        worksheet.set_column(number, number, column.width, style, options)


def _write_cells(
    worksheet: Worksheet, formats: Formats, columns: Sequence[Column], frame: pd.DataFrame
) -> None:
    """Empty cells stay unwritten: they carry their column's format."""
    currencies = frame["currency"].tolist()
    shown = [
        (number, column.kind, frame[column.field].tolist())
        for number, column in enumerate(columns)
        if column.kind not in (Kind.TEXT_ANSWER, Kind.DATE_ANSWER)
    ]
    text, number_of = worksheet.write_string, worksheet.write_number
    texts = [(number, values) for number, kind, values in shown if kind is Kind.TEXT]
    numbers = [
        (number, *_number_cells(formats, kind, values, currencies))
        for number, kind, values in shown
        if kind is not Kind.TEXT
    ]
    heights = _heights(columns, frame)
    for position in range(len(frame)):
        row = HEADER_ROW + 1 + position
        if position in heights:
            worksheet.set_row(row, heights[position])
        for number, values in texts:
            if values[position]:
                text(row, number, values[position])
        for number, cells, styles in numbers:
            if cells[position] is not None:
                number_of(row, number, cells[position], styles[position])


def _heights(columns: Sequence[Column], frame: pd.DataFrame) -> dict[int, float]:
    """Heights of rows whose wrapped text needs more than one line; programs differ in guessing."""
    needed = pd.Series(1, index=frame.index)
    for column in columns:
        if column.wrap:
            parts = frame[column.field].str.split("\n").explode().fillna("")
            wrapped = (parts.str.len() * 10 // (column.width * 9) + 1).groupby(level=0).sum()
            needed = needed.where(needed >= wrapped, wrapped)
    tall = needed[needed > 1].clip(upper=_TALLEST)
    return dict(zip(tall.index.tolist(), (tall * 13.5).tolist(), strict=True))


def _number_cells(
    formats: Formats, kind: Kind, values: list[Any], currencies: list[str]
) -> tuple[list[Any], list[Any]]:
    """The values of a number column as a spreadsheet holds them, and their formats."""
    if kind is Kind.AMOUNT:
        amounts = [
            None if pd.isna(value) else to_decimal(value, currency)
            for value, currency in zip(values, currencies, strict=True)
        ]
        return amounts, [formats.amounts[currency] for currency in currencies]
    if kind is Kind.MOMENT:
        epoch = pd.Timestamp("1899-12-30")
        days = (pd.to_datetime(pd.Series(values, dtype="str")) - epoch) / pd.Timedelta(days=1)
        return days.tolist(), [formats.moment] * len(values)
    return values, [formats.number] * len(values)


def _frozen(columns: Sequence[Column]) -> int:
    """So many columns never scroll away: up to the decision, else up to the amount."""
    titles = [column.title for column in columns]
    return titles.index(DECISION_TITLE) + 1 if DECISION_TITLE in titles else 3
