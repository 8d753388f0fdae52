"""Charges and transfers: what the books need of them by day, as sums; single lines by `lines`."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from xlsxwriter import Workbook

from mmrecon.approval.content import WorkbookContent
from mmrecon.approval.formats import Formats
from mmrecon.approval.printing import print_setup
from mmrecon.model.line import LineClass
from mmrecon.model.line_state import LineState
from mmrecon.model.money import to_decimal

TITLE: Final = "Charges and transfers"
_SUMMED: Final = (LineClass.CHARGE, LineClass.TRANSFER, LineClass.SETTLEMENT, LineClass.FUNDING)
_HEADER_ROW: Final = 1
_TITLES: Final = ("Wallet", "Day", "Class", "Lines", "Money in", "Money out")
_WIDTHS: Final = (22, 14, 18, 10, 22, 22)
_KEY: Final = ["wallet", "value_date", "line_class", "currency"]


def are_summed(not_posted: pd.DataFrame) -> pd.Series:
    """Which rows of a ProposalFrame are told as sums."""
    of_class = not_posted["line_class"].isin([one.value for one in _SUMMED])
    return of_class & (not_posted["state"] == LineState.NO_POSTING.value)


def write_charges(
    book: Workbook, formats: Formats, content: WorkbookContent, lines: pd.DataFrame
) -> None:
    """One row per wallet, day and class of `lines` (ProposalFrame)."""
    sheet = book.add_worksheet(TITLE)
    for number, width in enumerate(_WIDTHS):
        sheet.set_column(number, number, width, formats.plain)
    sheet.write_string(
        0, 0,
        "For the journal: no client is concerned. Single lines: mmrecon lines --class charge.",
        formats.hint,
    )  # fmt: skip
    sheet.set_row(_HEADER_ROW, 20)
    for number, title in enumerate(_TITLES):
        style = formats.number_header if number >= 3 else formats.header
        sheet.write_string(_HEADER_ROW, number, title, style)
    sums: list[Any] = list(_sums(lines).itertuples(index=False))
    for row, facts in enumerate(sums, _HEADER_ROW + 1):
        words = (facts.wallet, facts.value_date, str(facts.line_class).replace("_", " "))
        for number, word in enumerate(words):
            sheet.write_string(row, number, word, formats.cell)
        sheet.write_number(row, 3, int(facts.lines), formats.number)
        for number, minor in ((4, facts.in_minor), (5, facts.out_minor)):
            if minor:
                amount = to_decimal(int(minor), facts.currency)
                sheet.write_number(row, number, amount, formats.amounts[facts.currency])
    sheet.freeze_panes(_HEADER_ROW + 1, 0)
    print_setup(sheet, content, TITLE)
    sheet.repeat_rows(_HEADER_ROW)


def _sums(lines: pd.DataFrame) -> pd.DataFrame:
    came = lines["sign"] > 0
    money = lines.assign(
        in_minor=lines["amount_minor"].where(came, 0),
        out_minor=lines["amount_minor"].where(~came, 0),
    )
    return (
        money.groupby(_KEY)
        .agg(lines=("row_id", "size"), in_minor=("in_minor", "sum"), out_minor=("out_minor", "sum"))
        .reset_index()
    )
