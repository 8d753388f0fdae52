"""What the demo's preparer does with the workbook: she fills it in as a person would.

She approves the sections of safe rows against the count and total she sees, closes payments that
the provider took back before they were posted, asks the payers of some of the others (the demo's
truth plays the payers), and leaves the rest open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mmrecon.approval.columns import (
    APPROVE_ALL_TITLE,
    COUNT_TITLE,
    DECISION_TITLE,
    SECTION_TITLE,
    TITLES,
    TOTAL_TITLE,
)
from mmrecon.approval.vocabulary import APPROVE_ALL
from mmrecon.model.approval import Decision
from mmrecon.model.proposal import Sheet

_TAKES_BACK: Final = re.compile(r"Takes back (?P<receipt>\S+) of ")
_PHONED: Final = 12
"""So many payers of unclear lines she reaches before lunch; the others stay open."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What a payer says on the phone: the account he meant, or that he paid by mistake."""

    account: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """What was answered, in words, with how often."""

    answers: Mapping[str, int]


def fill_in(issued: Path, returned: Path, owners: Mapping[str, Owner]) -> Filled:
    """Answer the workbook `issued` and save it as `returned`; `owners` are known by receipt."""
    book = load_workbook(issued)
    answers: Counter[str] = Counter()
    answers.update(_approve_sections(_sheet_with(book.worksheets, APPROVE_ALL_TITLE)))
    taken_back = _taken_back(book[TITLES[Sheet.NEEDS_DECISION]])
    answers.update(_close(book[TITLES[Sheet.NEEDS_DECISION]], taken_back))
    asked = {receipt: owner for receipt, owner in owners.items() if receipt not in taken_back}
    for sheet in (Sheet.NEEDS_DECISION, Sheet.SUSPENSE):
        answers.update(_decide(book[TITLES[sheet]], asked))
    book.save(returned)
    returned.chmod(0o600)
    return Filled(dict(answers))


def _approve_sections(sheet: Worksheet) -> Iterator[str]:
    """Types what she reads: rows and total of each section."""
    header, columns = _columns(sheet, APPROVE_ALL_TITLE)
    for row in range(header + 1, sheet.max_row + 1):
        section = sheet.cell(row, columns[SECTION_TITLE]).value
        count = sheet.cell(row, columns["Rows when written"]).value
        if not section or not isinstance(count, int):
            continue
        sheet.cell(row, columns[APPROVE_ALL_TITLE]).value = APPROVE_ALL
        sheet.cell(row, columns[COUNT_TITLE]).value = count
        sheet.cell(row, columns[TOTAL_TITLE]).value = sheet.cell(
            row, columns["Total when written"]
        ).value
        yield "section approved by count and total"


def _taken_back(sheet: Worksheet) -> dict[str, str]:
    """Receipts of reversals whose payment was not posted, and of these payments, with a comment."""
    header, columns = _columns(sheet, DECISION_TITLE)
    comments = {}
    for row in range(header + 1, sheet.max_row + 1):
        why = str(sheet.cell(row, columns["Why it needs you"]).value or "")
        found = _TAKES_BACK.match(why)
        if found and why.endswith(": not posted"):
            reversal, payment = str(sheet.cell(row, columns["Receipt"]).value), found["receipt"]
            comments[reversal] = f"takes back {payment}, which was not posted"
            comments[payment] = f"taken back by {reversal} before it was posted"
    return comments


def _close(sheet: Worksheet, comments: Mapping[str, str]) -> Iterator[str]:
    """Both sides of a payment that was taken back are nobody's money any more."""
    header, columns = _columns(sheet, DECISION_TITLE)
    for row in range(header + 1, sheet.max_row + 1):
        comment = comments.get(str(sheet.cell(row, columns["Receipt"]).value))
        if comment is not None:
            _set(sheet, row, columns[DECISION_TITLE], Decision.NOT_OURS.value)
            _set(sheet, row, columns["Reason"], "reversed by the provider")
            _set(sheet, row, columns["Comment"], comment)
            yield f"{Decision.NOT_OURS.value}, a payment and what took it back"


def _decide(sheet: Worksheet, owners: Mapping[str, Owner]) -> Iterator[str]:
    header, columns = _columns(sheet, DECISION_TITLE)
    phoned = 0
    for row in range(header + 1, sheet.max_row + 1):
        receipt = str(sheet.cell(row, columns["Receipt"]).value or "")
        owner = owners.get(receipt)
        if owner is None or phoned >= _PHONED:
            continue
        answer = _answer(sheet, row, columns, owner)
        if answer:
            phoned += 1
            yield answer


def _answer(sheet: Worksheet, row: int, columns: Mapping[str, int], owner: Owner) -> str:
    """Fill one row; the word that was chosen, or nothing where she leaves it open."""
    proposed = str(sheet.cell(row, columns["Proposed account"]).value or "")

    def choose(decision: Decision, **cells: object) -> str:
        sheet.cell(row, columns[DECISION_TITLE]).value = decision.value
        for title, value in cells.items():
            _set(sheet, row, columns[title.replace("_", " ")], value)
        return decision.value

    if not owner.ours:
        return choose(Decision.NOT_OURS, Reason="another company's money")
    if owner.account and owner.account in proposed.replace(" ", ""):
        return choose(Decision.APPROVE, Reason="client confirmed")
    if owner.account:
        return choose(
            Decision.DIFFERENT_ACCOUNT, Different_account=owner.account, Reason="client confirmed"
        )
    return ""


def _set(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    sheet.cell(row, column).value = value


def _sheet_with(sheets: Sequence[Worksheet], title: str) -> Worksheet:
    return next(sheet for sheet in sheets if _header_row(sheet, title))


def _columns(sheet: Worksheet, title: str) -> tuple[int, dict[str, int]]:
    header = _header_row(sheet, title)
    return header, {str(cell.value): cell.column for cell in sheet[header] if cell.value}


def _header_row(sheet: Worksheet, title: str) -> int:
    for row in sheet.iter_rows(min_row=1, max_row=12):
        if any(cell.value == title for cell in row):
            return int(row[0].row or 0)
    return 0
