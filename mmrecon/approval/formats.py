"""The workbook's few cell formats; colour never stands alone, every signal has a word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from mmrecon.model.money import digits_of
from mmrecon.model.proof import Light

_FONT: Final = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
_INK: Final = "#1F3A4D"
_ANSWER_FILL: Final = "#FFF8DC"
_GRID: Final = "#D9D9D9"

LIGHTS: Final = {
    Light.BALANCED.value: "#DDEFD9",
    Light.WITH_ITEMS.value: "#FFF0C8",
    Light.NOT_BALANCED.value: "#F6D5D2",
    Light.NO_STATEMENT.value: "#E4E4E4",
}
"""Fill of each light; the word stands in the cell beside."""


class Formats:
    """Formats of one workbook; `amounts` by currency."""

    def __init__(self, book: Workbook, currencies: Iterable[str]) -> None:
        def add(**properties: Any) -> Format:
            return book.add_format({**_FONT, **properties})

        answer = {"bg_color": _ANSWER_FILL, "border": 1, "border_color": _GRID}
        header = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1}
        left = {"align": "left", "indent": 1}
        self.plain = add()
        self.cell = add(**left)
        self.bold = add(bold=True)
        self.bold_cell = add(**left, bold=True)
        self.title = add(bold=True, font_size=16, font_color=_INK)
        self.heading = add(bold=True, font_size=12, font_color=_INK, bottom=2, bottom_color=_INK)
        self.advice = add(italic=True, font_color="#444444", text_wrap=True)
        self.missing = book.add_format({**answer, "bg_color": "#F8B48A"})
        self.hint = add(italic=True, font_color="#444444")
        self.text = add(num_format="@", align="left", indent=1)
        self.wrapped = add(num_format="@", align="left", indent=1, text_wrap=True)
        self.number = add(num_format="0")
        self.moment = add(num_format="yyyy-mm-dd hh:mm:ss", align="left", indent=1)
        self.date = add(num_format="yyyy-mm-dd", align="left", indent=1)
        self.header = add(**header, **left, bg_color=_INK, font_color="#FFFFFF", border_color=_INK)
        self.number_header = add(
            **header, bg_color=_INK, font_color="#FFFFFF", border_color=_INK, align="right"
        )
        self.answer_header = add(**header, **left, bg_color="#F2C14E", border_color=_INK)
        self.answer = add(**answer, num_format="@")
        self.answer_number = add(**answer, num_format="#,##0.00")
        self.answer_count = add(**answer, num_format="#,##0")
        self.to_answer = book.add_format(answer)
        self.answered = book.add_format({"bg_color": "#DCEBF5", "bold": True})
        self.ruled = book.add_format({"bottom": 1, "bottom_color": _GRID})
        self.light = {
            name: add(bold=True, bg_color=fill, border=1, border_color=_GRID)
            for name, fill in LIGHTS.items()
        }
        self.amounts = {
            currency: add(num_format=_amount_pattern(currency)) for currency in currencies
        }


def _amount_pattern(currency: str) -> str:
    digits = digits_of(currency)
    return f'"{currency}" #,##0' + ("." + "0" * digits if digits else "")
