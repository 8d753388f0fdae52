"""What the cells of a column look like: moments, amounts, phones, receipts, or a few words.

Only for drafts of layouts; a file in use is read by its layout alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import as_mask, number_pattern
from mmrecon.statements.layout import DateFormat, MoneyMarks
from mmrecon.statements.moments import ISO, is_day_first, parse_moments

MARKS: Final = (
    MoneyMarks(group=",", decimal="."),
    MoneyMarks(group=" ", decimal=","),
    MoneyMarks(group=".", decimal=","),
    MoneyMarks(group=" ", decimal="."),
    MoneyMarks(group="'", decimal="."),
)
PHONE: Final = r"^\+?[0-9]{9,13}$"
MASKED: Final = r"^\+?[0-9]{2,6}[*xX]{2,8}[0-9]{2,4}$"
PHONE_AND_NAME: Final = r"^\+?[0-9]{9,13}\s*[-/,]?\s+\D+$"
_RECEIPT: Final = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{3,59}$"
_LONG_NUMBER: Final = r"[0-9]{4}"
_CURRENCY: Final = r"^(?:[A-Z]{3}|F?CFA|(?i:ksh|kshs|ush))$"
_DAYS: Final = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y",
    "%d %b %Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%d.%m.%y", "%d-%b-%y", "%Y%m%d",
)  # fmt: skip
_TIMES: Final = (
    "", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M:%SZ", " %I:%M:%S %p", " %I:%M %p", "%H%M%S",
)  # fmt: skip
_LOOKED_AT: Final = 20_000
_GLANCE: Final = 50
_HALF: Final = 50
_MOST: Final = 60
_NEARLY_ALL: Final = 95
_MOST_WORDS: Final = 12
_LONGEST_WORD: Final = 40


@dataclass(frozen=True)
class Column:
    """One column of an unknown table; `cells` are its filled ones, each distinct text once.

    `rows` is the number of rows, `filled` that of filled cells. `dates` are the ways of writing
    moments that read nearly every cell; more than one where day and month could be either.
    """

    name: str
    place: int
    rows: int
    filled: int
    cells: pa.Array
    dates: tuple[DateFormat, ...]

    def fitting(self, pattern: str) -> int:
        """How many distinct filled cells a pattern fits."""
        return int(as_mask(pc.match_substring_regex(self.cells, pattern)).sum())

    def percent(self, pattern: str) -> int:
        """The whole percent of distinct filled cells that a pattern fits; 100 only for all."""
        return 100 * self.fitting(pattern) // max(len(self.cells), 1)

    @property
    def is_money(self) -> bool:
        """Whether every filled cell is an amount, however its marks are written."""
        read = [self.percent(number_pattern(marks, None)) for marks in MARKS]
        return self.filled > 0 and max(read) >= _NEARLY_ALL

    @property
    def is_receipt(self) -> bool:
        """Whether the rows have codes, each of its own or shared with one other row."""
        codes = self.filled > 0 and self.percent(_RECEIPT) >= _NEARLY_ALL
        own = 2 * len(self.cells) >= self.filled and 2 * self.filled >= self.rows
        return codes and own and self.percent("[0-9]") >= _NEARLY_ALL and not self.dates

    @property
    def has_phones(self) -> bool:
        """Whether most filled cells are phones, plain or masked."""
        return self.filled > 0 and self.percent(f"{PHONE}|{MASKED}") > _MOST

    @property
    def has_phones_with_names(self) -> bool:
        """Whether most filled cells are a phone and a name behind it."""
        return self.filled > 0 and self.percent(PHONE_AND_NAME) > _MOST

    @property
    def is_currency(self) -> bool:
        """Whether each filled cell is written like a currency."""
        return self.filled > 0 and len(self.cells) <= 3 and self.percent(_CURRENCY) == 100

    @property
    def has_one_number(self) -> bool:
        """Whether one number stands in every row."""
        return self.rows > 1 and self.filled == self.rows and self.words_with_numbers == 1

    @property
    def words_with_numbers(self) -> int:
        """How many distinct cells there are, where all of them hold a long number; else 0."""
        return len(self.cells) if self.percent(_LONG_NUMBER) == 100 else 0

    @property
    def words(self) -> tuple[str, ...]:
        """The distinct cells where they are few plain words; nothing else is ever quoted."""
        few = 0 < len(self.cells) <= min(_MOST_WORDS, max(4, self.filled // 2))
        long = f"{_LONG_NUMBER}|^.{{{_LONGEST_WORD + 1},}}"
        if not few or self.fitting(long):
            return ()
        return tuple(sorted(self.cells.to_pylist()))


def columns_of(
    header: Sequence[str], columns: Sequence[pa.Array], true_dates: set[int]
) -> list[Column]:
    """Every column with what its cells look like; `true_dates` are places of Excel's own dates."""
    found = []
    for place, (name, values) in enumerate(zip(header, columns, strict=True)):
        text = pc.utf8_trim_whitespace(values)
        text = text.filter(pc.not_equal(text, ""))
        cells = text.unique()
        dates = (ISO,) if place in true_dates else date_formats(cells.slice(0, _LOOKED_AT))
        found.append(Column(name, place, len(values), len(text), cells, dates))
    return found


def date_formats(cells: pa.Array) -> tuple[DateFormat, ...]:
    """The ways of writing moments that read nearly all of the cells, each reading only once."""
    if not len(cells) or not as_mask(pc.match_substring_regex(cells, "[0-9]")).all():
        return ()
    found: list[tuple[DateFormat, bytes, int]] = []
    for day, time in product(_DAYS, _TIMES):
        is_utc = time.endswith("Z")
        form = DateFormat(
            format=day + time, fraction="%S" in time and "T" in time, zone="UTC" if is_utc else ""
        )
        glance = parse_moments(cells.slice(0, _GLANCE), form)[1]
        if 100 * int(glance.sum()) < _HALF * len(glance):
            continue
        local_s, valid = parse_moments(cells, form)
        if 100 * int(valid.sum()) >= _NEARLY_ALL * len(valid):
            found.append((form, np.asarray(local_s).tobytes(), int(valid.sum())))
    most = max((read for _, _, read in found), default=0)
    kept = {seconds: form for form, seconds, read in reversed(found) if read == most}
    return tuple(sorted(kept.values(), key=lambda form: not is_day_first(form)))
