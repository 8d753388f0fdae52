"""How an unknown table writes its amounts: marks, minus signs, and what tells the direction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import MoneyCells, as_mask, money, number_pattern
from mmrecon.statements.column_shapes import MARKS, Column
from mmrecon.statements.layout import MoneyMarks

_MOST_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class GuessedMarks:
    """Group and decimal mark; `reason` is why, `is_open` that they could be the other way."""

    marks: MoneyMarks
    reason: str
    is_open: bool = False


def guessed_marks(columns: Sequence[Column]) -> GuessedMarks:
    """The marks that read most of the amounts."""
    cells = pa.concat_arrays([pa.array([], pa.string()), *(column.cells for column in columns)])
    if as_mask(pc.match_substring_regex(cells, r"^[-+]?\d*$")).all():
        return GuessedMarks(MARKS[0], "no amount shows a mark")
    read = {
        number: int(as_mask(pc.match_substring_regex(cells, number_pattern(marks, None))).sum())
        for number, marks in enumerate(MARKS)
    }
    most = max(read.values())
    whole = [MARKS[number] for number, count in read.items() if count == most]
    sure = [marks for marks in whole if not _has_only_thousandths(cells, marks)]
    found = (sure or whole)[0]
    reason = f"{most:,} of {len(cells):,} different amounts are written so"
    is_open = found.group == "." and len(whole) > len(sure)
    return GuessedMarks(found, reason, is_open=is_open)


def reads_amount(cell: str, marks: MoneyMarks) -> bool:
    """Whether one cell is an amount written with these marks."""
    return re.search(number_pattern(marks, None), cell) is not None


def _has_only_thousandths(cells: pa.Array, marks: MoneyMarks) -> bool:
    """Whether each decimal mark has three figures behind it, as a group's mark has."""
    decimal = re.escape(marks.decimal)
    marked = as_mask(pc.match_substring_regex(cells, decimal))
    three = as_mask(pc.match_substring_regex(cells, rf"{decimal}\d{{3}}$"))
    return bool(marked.any()) and bool(three[marked].all())


@dataclass(frozen=True)
class Amounts:
    """The amounts of each money column, in ten-thousandths, one entry per row."""

    cells: Mapping[int, MoneyCells]

    def has_minus(self, place: int) -> bool:
        """Whether an amount of the column is negative."""
        return bool((self.cells[place].minor < 0).any())

    def has_plus(self, place: int) -> bool:
        """Whether an amount of the column is positive."""
        return bool((self.cells[place].minor > 0).any())

    def follows(self, amount: int, balance: int) -> bool:
        """Whether each balance is the one beside it and the row's amount: all money came in."""
        moved, after = self.cells[amount].minor, self.cells[balance].minor
        if len(moved) < 3 or not self.cells[balance].present.all():
            return False
        steps = np.diff(after)
        return bool((steps == moved[1:]).all() or (-steps == moved[:-1]).all())

    def signs(self, places: Mapping[str, int]) -> npt.NDArray[np.int64] | None:
        """1 and -1 per row where the columns of in and out, or a signed amount, tell; else None."""
        if "in" in places or "out" in places:
            sides = [
                way * np.abs(self.cells[places[field]].minor)
                for field, way in (("in", 1), ("out", -1))
                if field in places
            ]
            told: npt.NDArray[np.int64] = np.sign(np.stack(sides).sum(axis=0))
            return told
        if "amount" in places and self.has_minus(places["amount"]):
            return np.sign(self.cells[places["amount"]].minor)
        return None


def amounts_of(columns: Sequence[Column], values: Sequence[pa.Array], marks: MoneyMarks) -> Amounts:
    """The money columns of a table read with their marks; `values` are all of its columns."""
    return Amounts({one.place: money(values[one.place], marks, _MOST_DIGITS) for one in columns})
