"""How a sheet comes out of the printer: A4 landscape, one page wide, headed and numbered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xlsxwriter.worksheet import Worksheet

from mmrecon.approval.content import WorkbookContent

_A4: Final = 9
_LONGEST: Final = 60
"""Characters of the wallets' names in a header; with more it says how many they are."""


def print_setup(worksheet: Worksheet, content: WorkbookContent, title: str) -> None:
    """Institution, wallets, sheet, days and date at the head; workbook and page at the foot."""
    worksheet.set_landscape()
    worksheet.set_paper(_A4)
    worksheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.6)
    worksheet.fit_to_pages(1, 0)
    names = [wallet.name for wallet in content.wallets]
    days = {wallet.days for wallet in content.wallets}
    left = [content.institution, _short(names, "wallets")]
    right = [f"written {content.written_at_local:%Y-%m-%d %H:%M}", _short(sorted(days), "periods")]
    worksheet.set_header(f"&L{_lines(left)}&C&B{title}&R{_lines(right)}")
    worksheet.set_footer(f"&LWorkbook {content.workbook_id}&RPage &P of &N")


def _short(texts: Sequence[str], noun: str) -> str:
    joined = ", ".join(texts)
    return joined if len(joined) <= _LONGEST else f"{len(texts)} {noun}: see Summary"


def _lines(texts: Sequence[str]) -> str:
    """Texts below each other; a lone `&` would be a code of the header."""
    return "\n".join(text.replace("&", "&&") for text in texts if text)
