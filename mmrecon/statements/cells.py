"""Text cells into integers: money in minor units, with what is wrong named per cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.layout import MoneyMarks

Mask = npt.NDArray[np.bool_]
_SPARE_DIGITS = 4


@dataclass(frozen=True, slots=True)
class MoneyCells:
    """Amounts of one column: `minor` is 0 where nothing was printed or nothing could be read.

    `present`: the cell is not empty; `fraction`: it has more digits than the currency; `bad`: it
    is no number (a fraction counts as bad too).
    """

    minor: npt.NDArray[np.int64]
    present: Mask
    bad: Mask
    fraction: Mask


def money(column: pa.Array, marks: MoneyMarks, digits: int) -> MoneyCells:
    """A column of amounts as exact minor units; empty is not zero."""
    text = pc.utf8_trim_whitespace(column)
    present = as_mask(pc.not_equal(text, ""))
    if not present.any():
        return MoneyCells(np.zeros(len(present), dtype=np.int64), present, present, present)
    good = as_mask(pc.match_substring_regex(text, number_pattern(marks, digits)))
    bad = present & ~good
    fraction = np.zeros(len(present), dtype=np.bool_)
    if bad.any():
        fraction = bad & as_mask(pc.match_substring_regex(text, number_pattern(marks, None)))
    if marks.group:
        text = pc.replace_substring(text, marks.group, "")
    if marks.decimal != ".":
        text = pc.replace_substring(text, marks.decimal, ".")
    exact = pc.cast(
        pc.if_else(pa.array(good), text, "0"),
        pa.decimal128(20 + _SPARE_DIGITS, digits + _SPARE_DIGITS),
    )
    scale = pa.scalar(10**digits, pa.decimal128(7, 0))
    minor = pc.cast(pc.multiply(exact, scale), pa.int64()).to_numpy()
    return MoneyCells(minor, present, bad, fraction)


def number_pattern(marks: MoneyMarks, digits: int | None) -> str:
    """A regular expression for a number; `digits` None takes any fraction."""
    whole = r"\d{1,15}"
    if marks.group:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(marks.group)}\d{{3}}){{1,5}}|{whole})"
    fraction = r"\d*" if digits is None else rf"\d{{0,{digits}}}0{{0,{_SPARE_DIGITS}}}"
    return rf"^[-+]?{whole}(?:{re.escape(marks.decimal)}{fraction})?$"


def as_mask(array: pa.Array) -> Mask:
    """A boolean array as numpy; null is False."""
    mask: Mask = pc.fill_null(array, fill_value=False).to_numpy(zero_copy_only=False)
    return mask.copy()


def texts(array: pa.Array) -> list[str]:
    """Cells as Python text."""
    values: list[str] = array.to_pylist()
    return values
