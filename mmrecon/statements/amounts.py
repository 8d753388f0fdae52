"""Money columns of data rows: what came in and went out, balances, and fees in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.model.money import digits_of
from mmrecon.statements.cells import Mask, MoneyCells, as_mask, money
from mmrecon.statements.layout import Direction, MoneyColumn
from mmrecon.statements.moments import Int64s
from mmrecon.statements.rows import DataRows

_NATIONAL_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class FeeColumn:
    """What one fee column moves the balance by, per row."""

    name: str
    moved_minor: Int64s


@dataclass
class Problems:
    """The first thing wrong with each row: 0 is nothing, k is `kinds[k - 1]`."""

    found: Int64s
    kinds: list[tuple[str, str, str]]

    def note(self, mask: Mask, code: str, field: str, expected: str) -> None:
        """Rows of the mask that have no problem yet get this one."""
        fresh = mask & (self.found == 0)
        if fresh.any():
            self.kinds.append((code, field, expected))
            self.found[fresh] = len(self.kinds)


class Amounts:
    """The money columns of a file, typed; problems noted as they are met."""

    def __init__(self, data: DataRows, currency: str, problems: Problems, own_account: str) -> None:
        self._data = data
        self._layout = data.table.layout
        self._digits = digits_of(currency)
        self._scale = f"{currency} has ({self._digits})"
        self._problems = problems
        self._own_account = own_account
        self._count = len(data.rows)

    def of_direction(self, field: str, outgoing: Mask) -> MoneyCells:
        """One column by its field, or the two of money in and money out, each on its rows."""
        found = self._columns(field)
        if not any(column.when for column in found):
            return self._typed(found[0]) if found else self._nothing()
        sides = {column.when: self._typed(column) for column in found}
        coming, going = (sides.get(way, self._nothing()) for way in ("in", "out"))
        return MoneyCells(
            np.where(outgoing, going.minor, coming.minor),
            np.where(outgoing, going.present, coming.present),
            np.where(outgoing, going.bad, coming.bad),
            np.where(outgoing, going.fraction, coming.fraction),
        )

    def movement(self, final: Mask, direction: pa.Array) -> tuple[Int64s, Int64s, Mask]:
        """Money in and out per row as positive minor units, and whether they could be read.

        `direction` is what the column that tells it says, empty where there is none.
        """
        signed = self._signed(final, direction)
        paid_in, paid_out = self._column("in"), self._column("out")
        in_minor = paid_in.minor + np.maximum(signed.minor, 0)
        out_minor = paid_out.minor + np.maximum(-signed.minor, 0)
        known = ~(signed.bad | paid_in.bad | paid_out.bad | (in_minor < 0) | (out_minor < 0))
        both = known & (in_minor > 0) & (out_minor > 0)
        neither = known & (in_minor == 0) & (out_minor == 0) & final
        self._problems.note(both, "amount_both", "amount", "one of in and out")
        self._problems.note(neither, "amount_missing", "amount", "an amount that is not zero")
        known &= ~both
        return np.where(known, in_minor, 0), np.where(known, out_minor, 0), known

    def fees(self, in_minor: Int64s, out_minor: Int64s, final: Mask) -> list[FeeColumn]:
        """What the fee columns that are ours move the balance by."""
        fees = []
        for column in self._columns("fee"):
            cells = self._typed(column)
            ours = final & ~cells.bad
            if column.when:
                ours &= (in_minor > 0) if column.when == "in" else (out_minor > 0)
            moved = np.where(ours, np.abs(cells.minor) * column.effect, 0)
            if column.proved and moved.any():
                shown, known = self._shown(out_minor > 0)
                moved[~known | (shown - in_minor + out_minor != moved)] = 0
            if moved.any():
                fees.append(FeeColumn(column.name, moved))
        return fees

    def _signed(self, final: Mask, direction: pa.Array) -> MoneyCells:
        """The amount column with its sign: printed, or from what tells the direction."""
        columns = self._columns("amount")
        cells = self._column("amount")
        if not columns or columns[0].printed != "unsigned":
            return cells
        coming, going = self._ways(direction)
        going |= (cells.minor < 0) & ~coming
        moves = cells.present & (cells.minor != 0)
        odd = (cells.minor < 0) & coming
        lost = moves & final & ~odd & ~coming & ~going
        name = columns[0].name
        self._problems.note(odd, "sign_unexpected", name, "minus signs on money out only")
        self._problems.note(lost, "direction_unknown", name, "a word that tells its direction")
        minor = np.abs(cells.minor) * np.where(going, -1, 1)
        return MoneyCells(minor, cells.present, cells.bad | odd | lost, cells.fraction)

    def _ways(self, direction: pa.Array) -> tuple[Mask, Mask]:
        """Rows whose money surely came and rows whose money surely went."""
        told = self._layout.direction or Direction()
        words = pc.utf8_lower(pc.utf8_trim_whitespace(direction))
        coming, going = (_among(words, known) for known in (told.coming, told.going))
        if told.payer is not None and told.payee is not None:
            coming, going = self._own_side(told.payer, told.payee)
        if any(column.when for column in self._columns("balance")):
            return coming, going
        shown, known = self._shown(np.zeros(self._count, dtype=np.bool_))
        open_ = known & ~coming & ~going
        return coming | (open_ & (shown > 0)), going | (open_ & (shown < 0))

    def _own_side(self, payer: str, payee: str) -> tuple[Mask, Mask]:
        """By the one number that is payer or payee of every row: the own account."""
        nobody = np.zeros(self._count, dtype=np.bool_)
        places = [self._data.position(MoneyColumn(name=n, field="in")) for n in (payer, payee)]
        if None in places or not self._count:
            return nobody, nobody
        paid, received = (
            pc.utf8_trim_whitespace(self._data.cells(place))
            for place in places
            if place is not None
        )
        both = as_mask(pc.not_equal(paid, "")) & as_mask(pc.not_equal(received, ""))
        sides = {}
        first = int(np.argmax(both))
        for own in {paid[first].as_py(), received[first].as_py()} if both.any() else ():
            to, by = as_mask(pc.equal(received, own)), as_mask(pc.equal(paid, own))
            if (to | by)[both].all():
                sides[own] = (to & ~by, by & ~to)
        if len(sides) > 1:
            sides = {own: ways for own, ways in sides.items() if self._is_own(own)}
        return next(iter(sides.values())) if len(sides) == 1 else (nobody, nobody)

    def _is_own(self, number: str) -> bool:
        ours = self._own_account[-_NATIONAL_DIGITS:]
        return len(ours) == _NATIONAL_DIGITS and number.endswith(ours)

    def _shown(self, outgoing: Mask) -> tuple[Int64s, Mask]:
        """What the row's own balances say it moved, and where they say it."""
        before = self.of_direction("before", outgoing)
        after = self.of_direction("balance", outgoing)
        known = before.present & after.present & ~before.bad & ~after.bad
        return after.minor - before.minor, known

    def _columns(self, field: str) -> list[MoneyColumn]:
        return [column for column in self._layout.money_columns if column.field == field]

    def _column(self, field: str) -> MoneyCells:
        found = self._columns(field)
        return self._typed(found[0]) if found else self._nothing()

    def _typed(self, column: MoneyColumn) -> MoneyCells:
        place = self._data.position(column)
        if place is None:
            return self._nothing()
        cells = money(self._data.cells(place), self._layout.money, self._digits)
        self._problems.note(cells.fraction, "fraction", column.name, self._scale)
        self._problems.note(cells.bad, "amount_unreadable", column.name, "a number")
        if column.printed in ("signed", "unsigned") or column.field == "fee":
            return cells
        negative = column.printed == "negative" or (
            column.printed == "either"
            and int((cells.minor < 0).sum()) > int((cells.minor > 0).sum())
        )
        minor = -cells.minor if negative else cells.minor
        words = f"{'negative' if negative else 'positive'} amounts"
        self._problems.note(minor < 0, "sign_unexpected", column.name, words)
        return MoneyCells(minor, cells.present, cells.bad, cells.fraction)

    def _nothing(self) -> MoneyCells:
        none = np.zeros(self._count, dtype=np.bool_)
        return MoneyCells(np.zeros(self._count, dtype=np.int64), none, none, none)


def _among(words: pa.Array, known: tuple[str, ...]) -> Mask:
    return as_mask(pc.is_in(words, pa.array([word.lower() for word in known], pa.string())))
