"""Group and decimal marks: the layout declares them, or the column proves others.

What could be read in two ways is not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import Mask, as_mask, number_pattern
from mmrecon.statements.layout import MoneyMarks
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.rows import DataRows, Section
from mmrecon.statements.text_buffers import has_any, has_before_end

_OTHERS: Final = (
    MoneyMarks(group=",", decimal="."),
    MoneyMarks(group=".", decimal=","),
    MoneyMarks(group=" ", decimal=","),
    MoneyMarks(group="'", decimal="."),
    MoneyMarks(group=" ", decimal="."),
)
_SPACES: Final = "[\u00a0\u202f\u2009]"
_SIGNS: Final = tuple(sign.encode() for sign in (",", " ", "'", "\u00a0", "\u202f", "\u2009"))


@dataclass(frozen=True)
class _Numbers:
    """The distinct filled cells of a file's money columns."""

    cells: pa.Array
    digits: int

    def read_by(self, marks: MoneyMarks, *, any_fraction: bool = False) -> Mask:
        """Which cells the marks read."""
        digits = None if any_fraction else self.digits
        return as_mask(pc.match_substring_regex(self.cells, number_pattern(marks, digits)))

    def are_doubtful(self, marks: MoneyMarks) -> Mask:
        """Cells like 1.500, whose only mark may be either: no provider prints three decimals."""
        pattern = rf"^[-+]?\d{{1,3}}{re.escape(marks.decimal)}\d{{3}}$"
        return as_mask(pc.match_substring_regex(self.cells, pattern))

    def prove(self, marks: MoneyMarks) -> bool:
        """Whether a cell has a decimal mark with other than three digits behind it."""
        pattern = rf"{re.escape(marks.decimal)}(?:\d{{1,2}}|\d{{4,}})$"
        proving = as_mask(pc.match_substring_regex(self.cells, pattern))
        return bool((proving & self.read_by(marks, any_fraction=True)).any())


def with_declared_marks(data: DataRows, digits: int) -> DataRows:
    """The rows with every amount written as their layout declares; proved re-saves are noted.

    Raises:
        NotReadableError: an amount could be read in two ways, and nothing in the file decides.
    """
    declared = data.table.layout.money
    places = _money_places(data)
    columns = [data.cells(place) for place in places]
    if not any(_is_suspicious(column, declared) for column in columns):
        return data
    numbers = _Numbers(_distinct(columns), digits)
    found = _marks_of(numbers, declared)
    if found is None:
        return data
    marks: dict[str, str | int] = {"group": _named(found.group), "decimal": found.decimal}
    notices = (*data.table.notices, ("marks_proved", marks))
    rewritten = list(data.table.columns)
    for place in places:
        rewritten[place] = _rewritten(rewritten[place], found, declared)
    sections = tuple(_section(section, found, declared) for section in data.sections)
    table = replace(data.table, columns=rewritten, notices=notices)
    return replace(data, table=table, sections=sections)


def _money_places(data: DataRows) -> list[int]:
    found = {data.position(column) for column in data.table.layout.money_columns}
    return sorted(place for place in found if place is not None)


def _is_suspicious(column: pa.Array, declared: MoneyMarks) -> bool:
    """A look that costs little: marks that are not there cannot be wrong."""
    return has_any(column, *_SIGNS) or has_before_end(column, declared.decimal.encode(), 4)


def _distinct(columns: Sequence[pa.Array]) -> pa.Array:
    cells = pa.concat_arrays([column.unique() for column in columns])
    cells = pc.replace_substring_regex(pc.utf8_trim_whitespace(cells), _SPACES, " ")
    return cells.filter(pc.not_equal(cells, "")).unique()


def _marks_of(numbers: _Numbers, declared: MoneyMarks) -> MoneyMarks | None:
    """Other marks that the cells prove; None where the declared ones hold.

    Cells that no marks read say nothing; their rows are refused later.
    """
    readable = numbers.read_by(declared, any_fraction=True)
    others = [marks for marks in _OTHERS if marks != declared]
    told = readable | np.logical_or.reduce([numbers.read_by(marks) for marks in others])
    whole = [marks for marks in others if numbers.read_by(marks)[told].all()]
    if not readable[told].all() and whole:
        return whole[0]
    is_mixed = not readable[told].all()
    two_ways = is_mixed or any(marks.group == declared.decimal for marks in whole)
    if (
        two_ways
        and numbers.are_doubtful(declared).any()
        and (is_mixed or not numbers.prove(declared))
    ):
        raise NotReadableError("marks_ambiguous", decimal=declared.decimal)
    return None


def _rewritten(column: pa.Array, found: MoneyMarks, declared: MoneyMarks) -> pa.Array:
    text = pc.replace_substring_regex(column, _SPACES, " ")
    text = pc.utf8_trim_whitespace(text)
    mine = as_mask(pc.match_substring_regex(text, number_pattern(found, None)))
    plain = pc.replace_substring(text, found.group, "") if found.group else text
    plain = pc.replace_substring(plain, found.decimal, declared.decimal)
    return pc.if_else(pa.array(np.asarray(mine)), plain, column)


def _section(section: Section, found: MoneyMarks, declared: MoneyMarks) -> Section:
    """Amounts above the header are written with the same marks."""
    pattern = re.compile(number_pattern(found, None))

    def cell(text: str) -> str:
        stripped = re.sub(_SPACES, " ", text).strip()
        if not pattern.match(stripped) or stripped.isdigit():
            return text
        plain = stripped.replace(found.group, "") if found.group else stripped
        return plain.replace(found.decimal, declared.decimal)

    preamble = tuple(tuple(cell(text) for text in record) for record in section.preamble)
    return Section(section.header_row, preamble)


def _named(mark: str) -> str:
    return {" ": "space", "": "nothing"}.get(mark, mark)
