"""An unknown export with all that is guessed of it, before it is written down as a draft."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.cells import as_mask
from mmrecon.statements.column_shapes import Column, columns_of
from mmrecon.statements.guessed_money import Amounts, GuessedMarks, amounts_of, guessed_marks
from mmrecon.statements.guessing import MONEY_FIELDS, Guess, guessed_columns
from mmrecon.statements.layout import token
from mmrecon.statements.moments import parse_moments
from mmrecon.statements.table import RawTable

_NAMES_AGAIN: Final = 3
"""A row with so many names of columns in their places is the header once more."""
_FOOTERS: Final = (r"(?i)^(?:grand |sous-)?tota(?:l|ux)", r"(?i)^disclaimer", r"(?i)^(?:end|fin) ")


@dataclass(frozen=True)
class Unknown:
    """A table under no layout, its columns, and what each is taken for."""

    table: RawTable
    is_json: bool
    columns: Sequence[Column]
    guesses: Sequence[Guess]
    marks: GuessedMarks
    amounts: Amounts
    footers: Sequence[str]

    def guess(self, field: str) -> Guess | None:
        """The guess for a field."""
        return next((one for one in self.guesses if one.field == field), None)

    @property
    def money(self) -> list[Guess]:
        """The guesses of amounts."""
        return [one for one in self.guesses if one.field in MONEY_FIELDS]

    @property
    def texts(self) -> list[Guess]:
        """The guesses of everything else."""
        return [one for one in self.guesses if one.field not in MONEY_FIELDS]

    @property
    def places(self) -> Mapping[str, int]:
        """Where the column of each field of money stands."""
        return {one.field: one.column.place for one in self.money}

    @property
    def unused(self) -> list[Column]:
        """Columns with a name that no guess takes."""
        used = {one.column.place for one in self.guesses}
        return [one for one in self.columns if one.place not in used and token(one.name)]

    @property
    def telling_words(self) -> Guess | None:
        """The column whose words tell the direction of amounts without a sign, if one does."""
        found = self.guess("direction") or self.guess("reason_type")
        amount = self.places.get("amount")
        if found is None or amount is None or self.amounts.has_minus(amount):
            return None
        balance = self.places.get("balance")
        if balance is not None and self.amounts.follows(amount, balance):
            return None
        return None if {"before", "balance"} <= set(self.places) else found

    @property
    def is_newest_first(self) -> bool:
        """Whether the moments of the file run backwards."""
        found = self.guess("completed_at")
        if found is None:
            return False
        cells = pc.utf8_trim_whitespace(self.table.columns[found.column.place])
        local_s, valid = parse_moments(cells, found.column.dates[0])
        steps = np.diff(local_s[valid])
        return bool((steps <= 0).all()) and bool((steps < 0).any())

    @cached_property
    def tokens(self) -> list[str]:
        """The header as fingerprints compare it."""
        return [token(name) for name in self.table.header]

    def is_repeated(self, column: Column) -> bool:
        """Whether other columns have its name."""
        return self.tokens.count(self.tokens[column.place]) > 1

    def before(self, column: Column) -> str:
        """The name of the column before it, where that name comes once; else nothing."""
        if not column.place or self.tokens.count(self.tokens[column.place - 1]) > 1:
            return ""
        return self.table.header[column.place - 1].strip()


def understood(table: RawTable, *, is_json: bool) -> Unknown:
    """All guesses about a table; sums, repeated headers and rows of one cell say nothing."""
    footers = _footers(table)
    table = _filled_rows(table, footers)
    columns = columns_of(table.header, table.columns, set(table.true_dates))
    guesses = guessed_columns(columns)
    money = [one.column for one in guesses if one.field in MONEY_FIELDS]
    marks = guessed_marks(money)
    amounts = amounts_of(money, table.columns, marks.marks)
    return Unknown(table, is_json, columns, guesses, marks, amounts, footers)


def _footers(table: RawTable) -> list[str]:
    """Patterns of first cells that end a list: sums, and words below it."""
    first = table.columns[0].to_pylist() if table.columns else []
    first += [record.cells[0] for record in table.ragged if record.cells]
    return [one for one in _FOOTERS if any(re.search(one, cell.strip()) for cell in first)]


def _filled_rows(table: RawTable, footers: Sequence[str]) -> RawTable:
    filled = np.zeros(len(table.rows), dtype=np.int64)
    named = np.zeros(len(table.rows), dtype=np.int64)
    for name, column in zip(table.header, table.columns, strict=True):
        filled += as_mask(pc.not_equal(pc.utf8_trim_whitespace(column), ""))
        named += as_mask(pc.equal(column, name)) & (name.strip() != "")
    keep = (filled > 1) & (named < _NAMES_AGAIN)
    for pattern in footers:
        keep &= ~as_mask(pc.match_substring_regex(table.columns[0], pattern))
    columns = [column.filter(pa.array(keep)) for column in table.columns]
    return replace(table, columns=columns, rows=table.rows[keep])
