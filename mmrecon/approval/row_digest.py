"""The digest over everything a workbook row shows, and the one spelling of its cells.

Both directions spell a cell the same way, whatever a spreadsheet program did to it in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import pandas as pd

from mmrecon.model.keys import sha256_text
from mmrecon.model.money import to_decimal

SEPARATOR: Final = "\x1f"
"""Stands in no cell: `clean` and `cells` take control characters out."""


_BLANKS: Final = re.compile("[\x00-\x20\x7f\\s\ud800-\udfff\ufffe\uffff]+")
"""Blanks of every kind, and what no spreadsheet file can hold."""

_ESCAPE: Final = re.compile("_x([0-9A-Fa-f]{4})_")
"""Means a character to some programs and itself to others; it is shown with a gap."""


def spelled(text: str) -> str:
    """A text with single blanks and nothing that a spreadsheet program would change."""
    return _ESCAPE.sub(r"_ x\1_", _BLANKS.sub(" ", text)).strip()


def clean(texts: pd.Series) -> pd.Series:
    """Texts in the spelling that every program gives back."""
    return pd.Series([spelled(text) for text in texts], index=texts.index, dtype="str")


def plain(amount: Decimal) -> str:
    """A decimal in its shortest form: `1500`, `0.5`; never an exponent."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount_texts(amounts_minor: Iterable[int], currencies: Iterable[str]) -> list[str]:
    """Amounts in minor units as shortest decimals."""
    return [
        plain(to_decimal(amount, currency))
        for amount, currency in zip(amounts_minor, currencies, strict=True)
    ]


def joined(columns: Sequence[Iterable[str]]) -> list[str]:
    """The signed cells of each row as one text."""
    return [SEPARATOR.join(cells) for cells in zip(*columns, strict=True)]


def digests(workbook_id: str, shown: Iterable[str]) -> list[str]:
    """One digest per row over the workbook's id and the row's joined cells."""
    return [sha256_text(f"{workbook_id}{SEPARATOR}{cells}") for cells in shown]
