"""What Excel did to cells, named for what it is; undone where that is exact, else only named.

Facts: statement-formats.md 0 (11), 5.4, 6.1; domain.md F-18, F-24, F-26, F-27.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import Mask, as_mask
from mmrecon.statements.layout import Layout
from mmrecon.statements.rows import DataRows
from mmrecon.statements.text_buffers import has_any, is_ascii

_INVISIBLE: Final = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
_ANY_SPACE: Final = "[\u00a0\u2007\u202f]"
_POINT_ZERO: Final = r"^(\d{1,15})[.,]0+$"
_SCIENTIFIC: Final = r"^\s*(?P<whole>\d)(?:[.,](?P<rest>\d*))?[eE]\+?(?P<power>\d{1,2})\s*$"
_LOOKS_SCIENTIFIC: Final = r"^\s*(?:FRI:)?\d(?:[.,]\d*)?[eE]\+?\d{1,2}(?:\s|/|$)"
_POWERS: Final = (b"E+", b"e+")
_SERIAL: Final = r"^\d{5}(?:\.\d{1,16})?$"
_FULL_DECIMALS: Final = 8
"""So many decimals of a day number tell milliseconds: nobody rounded the column."""

_CODES_OF_FIELDS: Final = ("receipt", "completed_at", "initiated_at", "status", "currency")
_PHONES: Final = ("party", "party_id")
_EPOCH_DAYS: Final = 25_569
"""1 January 1970 as Excel counts days."""

_DAY_S: Final = 86_400
Notice = tuple[str, Mapping[str, str | int]]


def without_damage(data: DataRows) -> DataRows:
    """The rows with what is exact undone, and notices of all that was met."""
    mending = _Mending(data)
    mending.drop_invisible_letters()
    mending.mend_receipts(data.table.layout)
    mending.mend_phones()
    mending.name_lost("reference", "references_scientific")
    mending.read_day_numbers()
    return mending.result()


class _Mending:
    """The columns of a table on their way; a column that is whole is not touched."""

    def __init__(self, data: DataRows) -> None:
        self._data = data
        self._columns = list(data.table.columns)
        self._dates = dict(data.table.true_dates)
        self._notices: list[Notice] = []

    def result(self) -> DataRows:
        """The rows as they are now."""
        if not self._notices:
            return self._data
        table = replace(
            self._data.table,
            columns=self._columns,
            true_dates=self._dates,
            notices=(*self._data.table.notices, *self._notices),
        )
        return replace(self._data, table=table)

    def drop_invisible_letters(self) -> None:
        """Marks of direction and the like, from cells that are codes or numbers."""
        cells = 0
        for place in self._places(*_CODES_OF_FIELDS) | self._money_places():
            column = self._columns[place]
            if is_ascii(column):
                continue
            plain = pc.replace_substring_regex(column, _INVISIBLE, "")
            plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, _ANY_SPACE, " "))
            cells += self._put(place, column, plain)
        if cells:
            self._notices.append(("invisible_letters", {"cells": cells}))

    def mend_receipts(self, layout: Layout) -> None:
        """Receipts that are numbers and whole; one that lost digits is refused with its row."""

        def fits(cells: pa.Array) -> Mask:
            return as_mask(pc.match_substring_regex(cells, layout.receipt_pattern))

        self._mend_numbers("receipts_repaired", self._places("receipt"), fits)

    def mend_phones(self) -> None:
        """Phones that are numbers and whole; those that lost digits are counted."""

        def fits(cells: pa.Array) -> Mask:
            return as_mask(pc.match_substring_regex(cells, r"^\d{9,13}$"))

        self._mend_numbers("phones_repaired", self._places(*_PHONES), fits)
        for field in _PHONES:
            self.name_lost(field, "phones_scientific")

    def name_lost(self, field: str, code: str) -> None:
        """Count the cells that a scientific number stands in."""
        rows = 0
        for place in self._places(field):
            column = self._columns[place]
            if has_any(column, *_POWERS):
                lost = as_mask(pc.match_substring_regex(column, _LOOKS_SCIENTIFIC))
                rows += int((lost & self._data.keep).sum())
        if rows:
            self._notices.append((code, {"rows": rows}))

    def _mend_numbers(self, code: str, places: set[int], fits: Callable[[pa.Array], Mask]) -> None:
        rows = 0
        for place in places:
            column = self._columns[place]
            if not has_any(column, b".0", b",0", *_POWERS):
                continue
            whole = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), _POINT_ZERO, r"\1")
            whole = _exact_scientific(whole)
            mended = pc.if_else(pa.array(fits(whole)), whole, column)
            rows += self._put(place, column, mended)
        if rows:
            self._notices.append((code, {"rows": rows}))

    def read_day_numbers(self) -> None:
        """A column of Excel's day numbers, when they tell seconds."""
        found = False
        for place in self._places("completed_at", "initiated_at"):
            column = self._columns[place]
            if not _may_be_serials(column):
                continue
            cells = pc.utf8_trim_whitespace(column.filter(pa.array(self._data.keep)))
            filled = cells.filter(pc.not_equal(cells, ""))
            if place in self._dates or not len(filled) or not _are_serials(filled):
                continue
            is_serial = as_mask(pc.match_substring_regex(column, _SERIAL)) & self._data.keep
            texts = _moment_texts(column.filter(pa.array(is_serial)))
            self._columns[place] = pc.replace_with_mask(column, pa.array(is_serial), texts)
            self._dates[place] = is_serial
            found = True
        if found:
            self._notices.append(("dates_serial", {}))

    def _places(self, *fields: str) -> set[int]:
        columns = self._data.table.layout.text_columns
        found = {self._data.position(column) for column in columns if column.field in fields}
        return {place for place in found if place is not None}

    def _money_places(self) -> set[int]:
        columns = self._data.table.layout.money_columns
        found = {self._data.position(column) for column in columns}
        return {place for place in found if place is not None}

    def _put(self, place: int, before: pa.Array, after: pa.Array) -> int:
        """Put a mended column in its place; how many rows it changed."""
        changed = as_mask(pc.not_equal(before, after)) & self._data.keep
        if changed.any():
            self._columns[place] = pc.if_else(pa.array(changed), after, before)
        return int(changed.sum())


def _exact_scientific(column: pa.Array) -> pa.Array:
    """Scientific numbers that hold every digit, as whole numbers: 1.0000000001E+10."""
    parts = pc.extract_regex(column, _SCIENTIFIC)
    rest = pc.fill_null(pc.struct_field(parts, "rest"), "")
    power = pc.cast(pc.fill_null(pc.struct_field(parts, "power"), "99"), pa.int64())
    exact = pc.equal(pc.cast(pc.utf8_length(rest), pa.int64()), power)
    digits = pc.binary_join_element_wise(
        pc.fill_null(pc.struct_field(parts, "whole"), ""), rest, ""
    )
    return pc.if_else(pc.and_(pc.is_valid(parts), exact), digits, column)


def _may_be_serials(column: pa.Array) -> bool:
    """A look that costs little: day numbers have no separator of dates or times."""
    return not has_any(column, b":", b"/", b"-")


def _are_serials(filled: pa.Array) -> bool:
    """Whether all are day numbers of this century, and at least one tells parts of a second."""
    if not pc.all(pc.match_substring_regex(filled, _SERIAL)).as_py():
        return False
    days = pc.cast(pc.utf8_slice_codeunits(filled, 0, 5), pa.int64()).to_numpy()
    decimals = pc.utf8_length(filled).to_numpy() - 6
    return bool(
        (days >= 36_526).all() and (days < 73_051).all() and (decimals >= _FULL_DECIMALS).any()
    )


def _moment_texts(serials: pa.Array) -> pa.Array:
    """Day numbers as `YYYY-MM-DD HH:MM:SS`, in integers, to the nearest second."""
    padded = pc.utf8_rpad(
        pc.if_else(
            pc.match_substring(serials, "."), serials, pc.binary_join_element_wise(serials, "", ".")
        ),
        22,
        "0",
    )
    days = pc.cast(pc.utf8_slice_codeunits(padded, 0, 5), pa.int64()).to_numpy()
    parts = pc.cast(pc.utf8_slice_codeunits(padded, 6, 18), pa.int64()).to_numpy()
    seconds = (days - _EPOCH_DAYS) * _DAY_S + (
        parts * _DAY_S + 500_000_000_000
    ) // 1_000_000_000_000
    moments = pa.array(np.asarray(seconds)).cast(pa.timestamp("s"))
    return pc.strftime(moments, format="%Y-%m-%d %H:%M:%S").cast(pa.string())
