"""Sheets with one row per line, from “To approve” to “Posted already”."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from mmrecon.approval.columns import ANSWER_COLUMNS, COLUMNS, DECISION_TITLE, TITLES, Column, Kind
from mmrecon.approval.content import WorkbookContent
from mmrecon.approval.formats import Formats
from mmrecon.model.money import to_decimal
from mmrecon.model.proposal import ANSWERABLE, Sheet

HEADER_ROW: Final = 1
"""Sheets carry one line of advice, then the header."""

LISTS_DECISIONS: Final = "Decisions"
LISTS_REASONS: Final = "Reasons"
LISTS_APPROVE_ALL: Final = "ApproveAll"

_PRINT_SCALE: Final = 62
"""Per cent: small, and still read without a glass."""

_TALLEST: Final = 6
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
        "Safe matches. Leave Decision empty and approve the section on sheet “Approve all”, "
        "or decide single rows here. You may sort, filter and hide."
    ),
    Sheet.NEEDS_DECISION: (
        "Choose a Decision. “approve” takes the proposed account; otherwise fill the yellow "
        "cells: Different account as savings:000000123, Split as savings:000000123=500; loan:…=250."
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
    worksheet.set_row(0, 18, formats.hint)
    worksheet.write_string(0, 0, _ADVICE[sheet], formats.hint)
    worksheet.set_row(HEADER_ROW, 32)
    for number, column in enumerate(columns):
        style = formats.header
        if column.kind in (Kind.TEXT_ANSWER, Kind.DATE_ANSWER):
            style = formats.answer_header
        elif column.kind in (Kind.AMOUNT, Kind.NUMBER):
            style = formats.number_header
        worksheet.write_string(HEADER_ROW, number, column.title, style)
    _write_cells(worksheet, formats, columns, frame)
    last = HEADER_ROW + max(len(frame), 1)
    worksheet.autofilter(HEADER_ROW, 0, last, len(columns) - 1)
    if sheet in ANSWERABLE:
        _guide_answers(worksheet, formats, columns, last)
    worksheet.conditional_format(
        HEADER_ROW + 1, 0, last, len(columns) - 1,
        {"type": "formula", "criteria": "=TRUE", "format": formats.ruled},
    )  # fmt: skip
    _freeze(worksheet, columns)
    worksheet.set_tab_color(_TABS[sheet])
    print_setup(worksheet, content, TITLES[sheet])
    worksheet.repeat_rows(HEADER_ROW)
    worksheet.repeat_columns(0, 1)
    worksheet.set_print_scale(_PRINT_SCALE)
    worksheet.print_across()


def print_setup(worksheet: Worksheet, content: WorkbookContent, title: str) -> None:
    """A4 landscape; institution, sheet and date at the head, workbook and page at the foot."""
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    written = content.written_at_local.strftime("%Y-%m-%d %H:%M")
    institution = content.institution.replace("&", "&&")
    worksheet.set_header(f"&L{institution}&C&B{title}&R{written}")
    worksheet.set_footer(f"&LWorkbook {content.workbook_id}&RPage &P of &N")


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


def _guide_answers(
    worksheet: Worksheet, formats: Formats, columns: Sequence[Column], last: int
) -> None:
    titles = [column.title for column in columns]
    first = HEADER_ROW + 1
    choices: dict[str, str] = {DECISION_TITLE: LISTS_DECISIONS, "Reason": LISTS_REASONS}
    for title, name in choices.items():
        number = titles.index(title)
        worksheet.data_validation(
            first, number, last, number, list_validation(name, f"{title}: choose from the list")
        )
    letter = xl_col_to_name(titles.index(DECISION_TITLE), col_abs=True)
    worksheet.conditional_format(
        first, 0, last, titles.index(DECISION_TITLE),
        {"type": "formula", "criteria": f'={letter}{first + 1}<>""', "format": formats.answered},
    )  # fmt: skip
    answers = [number for number, column in enumerate(columns) if column in ANSWER_COLUMNS]
    worksheet.conditional_format(
        first, answers[0], last, answers[-1],
        {"type": "formula", "criteria": "=TRUE", "format": formats.to_answer},
    )  # fmt: skip


def list_validation(name: str, title: str) -> dict[str, Any]:
    """A drop-down over a named list; typing another word is refused by the spreadsheet."""
    return {
        "validate": "list",
        "source": f"={name}",
        "error_title": "Not one of the words",
        "error_message": f"{title}. To clear the cell, press Delete.",
    }


def _freeze(worksheet: Worksheet, columns: Sequence[Column]) -> None:
    titles = [column.title for column in columns]
    after = titles.index(DECISION_TITLE) + 1 if DECISION_TITLE in titles else 3
    worksheet.freeze_panes(HEADER_ROW + 1, after)
