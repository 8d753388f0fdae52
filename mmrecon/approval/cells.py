"""Cells of a returned workbook become text again, in the one spelling of `row_digest`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from openpyxl.utils.datetime import from_excel

from mmrecon.approval.columns import Kind
from mmrecon.approval.row_digest import plain, spelled

_MOMENT: Final = "%Y-%m-%d %H:%M:%S"


def is_formula(value: object) -> bool:
    """Whether a cell calculates; openpyxl gives formulas as text with `=`, or as objects."""
    if isinstance(value, str):
        return value.startswith("=")
    plain_kinds = (int, float, Decimal, datetime, date, time, timedelta)
    return value is not None and not isinstance(value, plain_kinds)


def cell_text(value: Any, kind: Kind) -> str:
    """A cell as it is compared and parsed: dates ISO, numbers shortest, text with single blanks."""
    if value is None:
        return ""
    if isinstance(value, str):
        return spelled(value)
    if isinstance(value, datetime):
        return _moment(value, kind)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return _number(value, kind)
    return str(value)


def _moment(value: datetime, kind: Kind) -> str:
    rounded = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    if kind is Kind.DATE_ANSWER and rounded.time() == time():
        return rounded.date().isoformat()
    return rounded.strftime(_MOMENT)


def _number(value: float | Decimal, kind: Kind) -> str:
    """Python's shortest form of a float is exactly what a person typed into the cell."""
    if kind in (Kind.MOMENT, Kind.DATE_ANSWER):
        moment = from_excel(float(value))
        if isinstance(moment, datetime):
            return _moment(moment, kind)
    return plain(Decimal(repr(value) if isinstance(value, float) else value))
