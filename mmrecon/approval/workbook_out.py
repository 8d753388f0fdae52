"""The workbook goes out: one file over all wallets with every open row (domain.md 8.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd
import xlsxwriter

from mmrecon.approval import sheets_front, sheets_rows
from mmrecon.approval.choices import kinds_of
from mmrecon.approval.columns import SIGNED, Kind
from mmrecon.approval.content import WorkbookContent
from mmrecon.approval.formats import Formats
from mmrecon.approval.row_digest import amount_texts, digests, joined
from mmrecon.approval.sheets_charges import are_summed, write_charges
from mmrecon.model.proposal import ANSWERABLE, IssuedFrame, Sheet

_OPTIONS: Final[dict[str, Any]] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write(path: Path, content: WorkbookContent) -> pd.DataFrame:
    """Write the workbook to `path`; gives its answerable rows as an IssuedFrame."""
    keyed = {sheet: _keyed(content, sheet) for sheet in Sheet}
    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        _describe(book, content)
        formats = Formats(book, _currencies(content))
        sheets_front.write_summary(book, formats, content)
        sheets_rows.write_rows(book, formats, content, Sheet.TO_APPROVE, keyed[Sheet.TO_APPROVE])
        sheets_front.write_sections(book, formats, content)
        for sheet in (Sheet.NEEDS_DECISION, Sheet.SUSPENSE):
            sheets_rows.write_rows(book, formats, content, sheet, keyed[sheet])
        _write_not_posted(book, formats, content, keyed[Sheet.NOT_POSTED])
        if len(keyed[Sheet.POSTED_ALREADY]):
            shown = keyed[Sheet.POSTED_ALREADY]
            sheets_rows.write_rows(book, formats, content, Sheet.POSTED_ALREADY, shown)
        sheets_front.write_sign_off(book, formats, content)
        sheets_front.write_lists(book, formats, content)
    return _issued([keyed[sheet] for sheet in ANSWERABLE])


def _write_not_posted(
    book: xlsxwriter.Workbook, formats: Formats, content: WorkbookContent, rows: pd.DataFrame
) -> None:
    """Charges and transfers are many and told as sums; the others line by line."""
    summed = are_summed(rows)
    if summed.any():
        write_charges(book, formats, content, rows[summed])
    others = rows[~summed].reset_index(drop=True)
    sheets_rows.write_rows(book, formats, content, Sheet.NOT_POSTED, others)


def _keyed(content: WorkbookContent, sheet: Sheet) -> pd.DataFrame:
    """A sheet's proposals with digest and key cell."""
    frame = content.on(sheet)
    signed = [
        amount_texts(frame[column.field].tolist(), frame["currency"].tolist())
        if column.kind is Kind.AMOUNT
        else frame[column.field].tolist()
        for column in SIGNED
    ]
    digest = pd.Series(digests(content.workbook_id, joined(signed)), index=frame.index, dtype="str")
    key = content.workbook_id + ":" + digest
    return frame.assign(digest=digest, key=key, choices=kinds_of(frame))


def _issued(frames: list[pd.DataFrame]) -> pd.DataFrame:
    rows = pd.concat(frames, ignore_index=True)
    ready = rows["sheet"] == Sheet.TO_APPROVE.value
    rows["section"] = rows["section"].where(ready, "")
    return IssuedFrame.build(rows[IssuedFrame.columns()])


def _currencies(content: WorkbookContent) -> list[str]:
    shown = {wallet.currency for wallet in content.wallets}
    return sorted(shown | set(content.proposals["currency"]) | set(content.counts["currency"]))


def _describe(book: xlsxwriter.Workbook, content: WorkbookContent) -> None:
    book.set_size(1366 * 15, 768 * 15)
    book.set_properties(
        {
            "title": f"mmrecon workbook {content.workbook_id}",
            "company": content.institution,
            "created": content.written_at_local.replace(tzinfo=None),
        }
    )
