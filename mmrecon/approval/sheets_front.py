"""Sheets that are no list of lines: summary, approve all, sign-off, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from mmrecon.approval.choices import CHOICES, EXPLAINED
from mmrecon.approval.columns import (
    APPROVE_ALL_TITLE,
    COLUMNS,
    COUNT_TITLE,
    CURRENCY_TITLE,
    DECISION_TITLE,
    SECTION_TITLE,
    SIGN_OFF_COUNT_TITLE,
    SIGN_OFF_TOTAL_TITLE,
    TITLES,
    TOTAL_TITLE,
    WORKBOOK_ID_LABEL,
)
from mmrecon.approval.content import WalletShown, WorkbookContent
from mmrecon.approval.formats import Formats
from mmrecon.approval.guidance import (
    LISTS_APPROVE_ALL,
    LISTS_CHOICES,
    LISTS_DATE_REASONS,
    LISTS_REASONS,
    list_validation,
)
from mmrecon.approval.printing import print_setup
from mmrecon.approval.sheets_rows import HEADER_ROW
from mmrecon.approval.vocabulary import APPROVE_ALL, REASONS
from mmrecon.model.money import to_decimal
from mmrecon.model.other_date import DATE_REASONS
from mmrecon.model.proposal import ANSWERABLE, Sheet
from mmrecon.model.words import counted

_HOW_TO: Final = (
    "1. To approve: look the rows through. Mark only the exceptions; yellow cells are yours.",
    "2. Approve all: per section choose “approve all” and type the count and the total you mean.",
    "3. Needs decision and Suspense: choose a Decision for each row you can answer.",
    "4. Sign-off: type your name, and per currency how many rows and how much you approve.",
    "5. Save as .xlsx and hand it back: mmrecon submit FILE.xlsx --as NAME. Empty = no decision.",
)


_ROW_HEIGHT: Final = 16
_TITLE_HEIGHT: Final = 26
_NUMBERS: Final = ("Rows", "Lines", "Money")


def write_summary(book: Workbook, formats: Formats, content: WorkbookContent) -> None:
    """The first sheet: what the workbook covers, each wallet's light, counts, warnings, how-to."""
    sheet = book.add_worksheet("Summary")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 24, formats.plain)
    sheet.set_column(1, 1, 44, formats.plain)
    sheet.set_column(2, 2, 36, formats.plain)
    sheet.set_column(3, 4, 22, formats.plain)
    sheet.set_default_row(_ROW_HEIGHT)
    sheet.set_row(0, _TITLE_HEIGHT)
    sheet.write_string(0, 0, f"{content.institution}: mobile money to approve", formats.title)
    row = _facts(sheet, formats, content, 2)
    row = _wallets(sheet, formats, content, row + 1)
    if content.warnings:
        row = _lines(sheet, formats, "Warnings", content.warnings, row + 1)
    row = _waiting(sheet, formats, content, row + 1)
    if content.held:
        row = _held(sheet, formats, content, row + 1)
    row = _lines(sheet, formats, "How to", _HOW_TO, row + 1)
    row = _decisions(sheet, formats, row + 1)
    row = _counts(sheet, formats, content, row + 1)
    _files(sheet, formats, content, row + 1)
    print_setup(sheet, content, "Summary")
    sheet.activate()


def write_sections(book: Workbook, formats: Formats, content: WorkbookContent) -> None:
    """One row per section of ready rows: approve its unmarked rows as a whole."""
    sheet = book.add_worksheet("Approve all")
    titles = (
        SECTION_TITLE, "Rows when written", "Total when written", "Unmarked rows now",
        "Unmarked total now", APPROVE_ALL_TITLE, COUNT_TITLE, TOTAL_TITLE,
    )  # fmt: skip
    for number, width in enumerate((44, 12, 20, 12, 20, 20, 14, 20)):
        sheet.set_column(number, number, width, formats.text if number in {0, 5} else formats.plain)
    sheet.write_string(
        0, 0,
        "Choose “approve all” and type count and total: it approves the rows of the section whose "
        "Decision is empty. If they are not exactly so many and so much, nothing is approved.",
        formats.hint,
    )  # fmt: skip
    sheet.set_row(HEADER_ROW, 32)
    for number, title in enumerate(titles):
        style = formats.answer_header if number >= 5 else formats.number_header
        sheet.write_string(HEADER_ROW, number, title, style if number else formats.header)
    ready = content.on(Sheet.TO_APPROVE)
    sections = ready.groupby("section", sort=False).agg(
        rows=("row_id", "size"), total=("amount_minor", "sum"), currency=("currency", "first")
    )
    for row, (section, facts) in enumerate(sections.iterrows(), HEADER_ROW + 1):
        _section(sheet, formats, row, str(section), facts, len(ready))
    last = HEADER_ROW + max(len(sections), 1)
    validation = list_validation(LISTS_APPROVE_ALL, APPROVE_ALL_TITLE)
    sheet.data_validation(HEADER_ROW + 1, 5, last, 5, validation)
    sheet.freeze_panes(HEADER_ROW + 1, 1)
    print_setup(sheet, content, "Approve all")


def write_sign_off(book: Workbook, formats: Formats, content: WorkbookContent) -> None:
    """Who prepared it, and what they approve per currency."""
    sheet = book.add_worksheet("Sign-off")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 26, formats.plain)
    sheet.set_column(1, 2, 26, formats.plain)
    sheet.set_default_row(_ROW_HEIGHT)
    sheet.set_row(0, _TITLE_HEIGHT)
    sheet.write_string(0, 0, "Sign-off", formats.title)
    sheet.write_string(
        1, 0, "A record for the paper file; what counts is your key at `submit`.", formats.hint
    )
    for row, label in enumerate(("Prepared by", "Date", "Remark"), 3):
        sheet.write_string(row, 0, label, formats.bold)
        sheet.write_blank(row, 1, None, formats.answer)
    header = 7
    for number, title in enumerate((CURRENCY_TITLE, SIGN_OFF_COUNT_TITLE, SIGN_OFF_TOTAL_TITLE)):
        style = formats.answer_header if number else formats.header
        sheet.write_string(header, number, title, style)
    currencies = sorted(set(content.proposals["currency"]))
    for row, currency in enumerate(currencies, header + 1):
        sheet.write_string(row, 0, currency, formats.bold)
        sheet.write_blank(row, 1, None, formats.answer_count)
        sheet.write_blank(row, 2, None, formats.answer_number)
    below = header + len(currencies) + 2
    advice = "If you fill them, they must agree with your answers, else nothing is taken."
    sheet.write_string(below, 0, advice, formats.hint)
    for row, label in enumerate(("Signature of preparer", "Signature of approver"), below + 2):
        sheet.write_string(row * 2 - below - 2, 0, label, formats.bold)
        sheet.write_string(row * 2 - below - 2, 1, "_" * 34, formats.plain)
    print_setup(sheet, content, "Sign-off")


def write_lists(book: Workbook, formats: Formats, content: WorkbookContent) -> None:
    """The words of the drop-downs, and the workbook's id."""
    sheet = book.add_worksheet("Lists")
    lists: list[tuple[str, Sequence[str]]] = [
        (LISTS_CHOICES[kind], [decision.value for decision in decisions])
        for kind, decisions in CHOICES.items()
    ]
    lists += [
        (LISTS_REASONS, REASONS),
        (LISTS_DATE_REASONS, list(DATE_REASONS.values())),
        (LISTS_APPROVE_ALL, [APPROVE_ALL]),
    ]
    sheet.set_column(0, len(lists), 28, formats.text)
    sheet.write_row(0, 0, [name for name, _ in lists], formats.header)
    sheet.write_string(0, len(lists), WORKBOOK_ID_LABEL, formats.header)
    for row in range(max(len(words) for _, words in lists)):
        for number, (_, words) in enumerate(lists):
            if row < len(words):
                sheet.write_string(row + 1, number, words[row])
        if row == 0:
            sheet.write_string(1, len(lists), content.workbook_id)
    for number, (name, words) in enumerate(lists):
        letter = xl_col_to_name(number)
        book.define_name(name, f"=Lists!${letter}$2:${letter}${len(words) + 1}")
    sheet.freeze_panes(1, 0)
    sheet.hide()


def _section(
    sheet: Worksheet, formats: Formats, row: int, section: str, facts: pd.Series, ready: int
) -> None:
    """One section, with live helper formulas that nobody reads back."""
    currency = str(facts["currency"])
    amount = formats.amounts[currency]
    total = to_decimal(int(facts["total"]), currency)
    sheet.write_string(row, 0, section)
    sheet.write_number(row, 1, int(facts["rows"]), formats.number)
    sheet.write_number(row, 2, total, amount)
    letters = {
        column.title: xl_col_to_name(number, col_abs=True)
        for number, column in enumerate(COLUMNS[Sheet.TO_APPROVE])
    }
    first, last = HEADER_ROW + 2, HEADER_ROW + 1 + ready

    def cells(title: str) -> str:
        return f"'{TITLES[Sheet.TO_APPROVE]}'!{letters[title]}${first}:{letters[title]}${last}"

    unmarked = f'{cells(SECTION_TITLE)},$A{row + 1},{cells(DECISION_TITLE)},""'
    sheet.write_formula(row, 3, f"=COUNTIFS({unmarked})", formats.number, int(facts["rows"]))
    for column, style in enumerate(
        (formats.answer, formats.answer_count, formats.answer_number), 5
    ):
        sheet.write_blank(row, column, None, style)
    sheet.write_formula(row, 4, f"=SUMIFS({cells('Amount')},{unmarked})", amount, total)


def _facts(sheet: Worksheet, formats: Formats, content: WorkbookContent, row: int) -> int:
    covered = f"{counted(len(content.wallets), 'wallet')}, every open row"
    for label, text in (
        ("Covers", covered),
        ("Written", content.written_at_local.strftime("%Y-%m-%d %H:%M")),
        (WORKBOOK_ID_LABEL, content.workbook_id),
        (
            "Best before",
            f"{content.expires_on.isoformat()} (later answers count while nothing changed)",
        ),
    ):
        sheet.write_string(row, 0, label, formats.bold)
        sheet.write_string(row, 1, text, formats.plain)
        row += 1
    return row


def _lines(sheet: Worksheet, formats: Formats, title: str, texts: Sequence[str], row: int) -> int:
    row = _heading(sheet, formats, title, row)
    for text in texts:
        sheet.write_string(row, 0, text, formats.plain)
        row += 1
    return row


def _heading(sheet: Worksheet, formats: Formats, title: str, row: int) -> int:
    for number in range(5):
        sheet.write_blank(row, number, None, formats.heading)
    sheet.write_string(row, 0, title, formats.heading)
    return row + 1


def _table_header(sheet: Worksheet, formats: Formats, titles: tuple[str, ...], row: int) -> int:
    for number, title in enumerate(titles):
        style = formats.number_header if title in _NUMBERS else formats.header
        sheet.write_string(row, number, title, style)
    return row + 1


def _decisions(sheet: Worksheet, formats: Formats, row: int) -> int:
    row = _heading(sheet, formats, "Decisions, and the cells that each needs", row)
    row = _table_header(sheet, formats, ("Decision", "Does", "Needs", "", ""), row)
    for decision, told in EXPLAINED.items():
        for number, text in enumerate((decision.value, told.does, told.needs or "-")):
            sheet.write_string(row, number, text, formats.cell)
        row += 1
    return row


def _wallets(sheet: Worksheet, formats: Formats, content: WorkbookContent, row: int) -> int:
    row = _heading(sheet, formats, "The day's proof", row)
    row = _table_header(sheet, formats, ("Wallet", "Light", "Days", "Proof", ""), row)
    for wallet in content.wallets:
        _wallet(sheet, formats, wallet, row)
        row += 1
    return row


def _wallet(sheet: Worksheet, formats: Formats, wallet: WalletShown, row: int) -> None:
    style = formats.light.get(wallet.light, formats.bold)
    sheet.write_string(row, 0, wallet.name, formats.bold_cell)
    sheet.write_string(row, 1, (wallet.light or "not proved yet").upper(), style)
    sheet.write_string(row, 2, wallet.days, formats.cell)
    sheet.write_string(row, 3, wallet.proof, formats.cell)


def _waiting(sheet: Worksheet, formats: Formats, content: WorkbookContent, row: int) -> int:
    row = _heading(sheet, formats, "What waits for you", row)
    row = _table_header(sheet, formats, ("Sheet", "Wallet", "Rows", "Money", ""), row)
    waiting = content.proposals[
        content.proposals["sheet"].isin([sheet_name.value for sheet_name in ANSWERABLE])
    ]
    sums = (
        waiting.groupby(["sheet", "wallet", "currency"])
        .agg(rows=("row_id", "size"), total=("left_minor", "sum"))
        .reset_index()
    )
    for sheet_name in ANSWERABLE:
        for _, facts in sums[sums["sheet"] == sheet_name.value].iterrows():  # few: one a wallet
            sheet.write_string(row, 0, TITLES[sheet_name], formats.cell)
            sheet.write_string(row, 1, facts["wallet"], formats.cell)
            _count(sheet, formats, row, 2, facts["rows"], facts["total"], facts["currency"])
            row += 1
    return row


def _held(sheet: Worksheet, formats: Formats, content: WorkbookContent, row: int) -> int:
    row = _heading(sheet, formats, "Held: back on their day, on no sheet till then", row)
    row = _table_header(sheet, formats, ("Back on", "Wallet", "Rows", "Money", ""), row)
    for held in content.held:
        sheet.write_string(row, 0, held.until, formats.cell)
        sheet.write_string(row, 1, held.wallet, formats.cell)
        _count(sheet, formats, row, 2, held.lines, held.amount_minor, held.currency)
        row += 1
    return row


def _counts(sheet: Worksheet, formats: Formats, content: WorkbookContent, row: int) -> int:
    row = _heading(sheet, formats, "Lines of these days", row)
    titles = ("Wallet", "Class", "State", "Lines", "Money")
    row = _table_header(sheet, formats, titles, row)
    for wallet, currency, line_class, state, lines, amount in content.counts.itertuples(
        index=False
    ):
        for number, text in enumerate(
            (wallet, line_class.replace("_", " "), state.replace("_", " "))
        ):
            sheet.write_string(row, number, text, formats.cell)
        _count(sheet, formats, row, 3, lines, amount, currency)
        row += 1
    return row


def _count(
    sheet: Worksheet, formats: Formats, row: int, column: int, lines: int, minor: int, currency: str
) -> None:
    sheet.write_number(row, column, int(lines), formats.number)
    sheet.write_number(row, column + 1, to_decimal(int(minor), currency), formats.amounts[currency])


def _files(sheet: Worksheet, formats: Formats, content: WorkbookContent, row: int) -> int:
    row = _heading(sheet, formats, "Statement files", row)
    row = _table_header(sheet, formats, ("Wallet", "Proof", "Period", "File", ""), row)
    for wallet in content.wallets:
        for shown in wallet.files:
            for number, text in enumerate((wallet.name, shown.proof, shown.period, shown.name)):
                sheet.write_string(row, number, text, formats.cell)
            row += 1
    return row
