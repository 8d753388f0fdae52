"""An officer at a spreadsheet: opens the workbook with openpyxl, edits cells, saves."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from mmrecon.approval.workbook_out import write
from tests.approval.morning import content

HEADER = 2


class Officer:
    """One workbook on somebody's desk; cells are found by sheet, row id and title."""

    def __init__(self, path: Path, **given: Any) -> None:
        self.content = content(**given)
        self.issued = write(path, self.content)
        self.book: Workbook = load_workbook(path)

    def sheet(self, name: str) -> Worksheet:
        """A sheet by its title."""
        sheet = self.book[name]
        assert isinstance(sheet, Worksheet)
        return sheet

    def column(self, sheet: Worksheet, title: str) -> int:
        """The column of a title."""
        return next(cell.column for cell in sheet[HEADER] if cell.value == title)

    def place(self, row_id: str) -> tuple[Worksheet, int]:
        """Sheet and row where a row id stands."""
        for name in ("To approve", "Needs decision", "Suspense"):
            sheet = self.sheet(name)
            for row in range(HEADER + 1, sheet.max_row + 1):
                if sheet.cell(row, 1).value == row_id:
                    return sheet, row
        raise AssertionError(row_id)

    def type(self, row_id: str, title: str, value: Any) -> None:
        """Type into one cell."""
        sheet, row = self.place(row_id)
        sheet.cell(row, self.column(sheet, title)).value = value

    def answer(self, row_id: str, decision: str | None, **cells: Any) -> None:
        """Choose a decision, and fill further cells named like `different_account`."""
        self.type(row_id, "Decision", decision)
        for name, value in cells.items():
            self.type(row_id, name.replace("_", " ").capitalize(), value)

    def approve_all(self, section: str, count: Any, total: Any, word: Any = "approve all") -> None:
        """Approve a section as a whole."""
        sheet = self.sheet("Approve all")
        for row in range(HEADER + 1, sheet.max_row + 1):
            if sheet.cell(row, 1).value == section:
                for column, value in enumerate((word, count, total), 6):
                    sheet.cell(row, column).value = value
                return
        raise AssertionError(section)

    def sign_off(self, currency: str, count: Any, total: Any) -> None:
        """Fill the sign-off of a currency."""
        sheet = self.sheet("Sign-off")
        for row in range(1, sheet.max_row + 1):
            if sheet.cell(row, 1).value == currency:
                sheet.cell(row, 2).value = count
                sheet.cell(row, 3).value = total
                return
        raise AssertionError(currency)

    def save(self) -> bytes:
        """The workbook's bytes as they come back."""
        buffer = io.BytesIO()
        self.book.save(buffer)
        return buffer.getvalue()
