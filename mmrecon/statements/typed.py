"""Data rows under their layout's declarations: integers, moments, and what is wrong with a row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.model.money import digits_of
from mmrecon.statements.cells import Mask, MoneyCells, as_mask, money
from mmrecon.statements.layout import Layout, MoneyColumn, token
from mmrecon.statements.moments import Evidence, Int64s, Moments, moments
from mmrecon.statements.rows import DataRows

_SCIENTIFIC: Final = r"^[-+]?\d+(?:[.,]\d*)?[eE]\+?\d+$"
_SEPARATOR: Final = "\x1f"


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


@dataclass(frozen=True)
class TypedRows:
    """One entry per data row, in file order. Amounts are positive, `*_known` says readable."""

    rows: Int64s
    section: Int64s
    texts: dict[str, pa.Array]
    in_minor: Int64s
    out_minor: Int64s
    money_known: Mask
    balance_minor: Int64s
    has_balance: Mask
    fees: list[FeeColumn]
    completed: Moments
    initiated: Moments
    final: Mask
    problems: Problems
    digest: Int64s

    @property
    def refused(self) -> Mask:
        """Rows with a problem."""
        refused: Mask = self.problems.found > 0
        return refused

    @property
    def moved_minor(self) -> Int64s:
        """What each row moves the balance by, fees included."""
        return self.in_minor - self.out_minor + sum(fee.moved_minor for fee in self.fees)


def type_rows(data: DataRows, currency: str, evidence: list[Evidence]) -> TypedRows:
    """Type every declared column.

    Raises:
        NotReadableError: the file's dates cannot be told apart.
    """
    layout = data.table.layout
    texts = _texts(data, "")
    problems = Problems(np.zeros(len(data.rows), dtype=np.int64), [])
    texts["receipt"] = _receipts(texts["receipt"], layout, problems)
    final = _finality(texts["status"], layout, problems)
    completed = _moments(data, "completed_at", evidence)
    initiated = _moments(data, "initiated_at", evidence)
    completed = _or_initiated(completed, initiated, final)
    problems.note(~completed.valid, "date_unreadable", "completed_at", layout.dates[0].format)
    amounts = _Amounts(data, currency, problems)
    in_minor, out_minor, known = amounts.movement(final)
    balance = amounts.column("balance")
    texts |= _by_direction(data, out_minor > 0)
    return TypedRows(
        rows=data.rows,
        section=data.section,
        texts=texts,
        in_minor=in_minor,
        out_minor=out_minor,
        money_known=known,
        balance_minor=balance.minor,
        has_balance=balance.present & ~balance.bad,
        fees=amounts.fees(in_minor, out_minor, final),
        completed=completed,
        initiated=initiated,
        final=final,
        problems=problems,
        digest=_digest(data, ~(balance.present & ~balance.bad)),
    )


def _by_direction(data: DataRows, outgoing: Mask) -> dict[str, pa.Array]:
    """Fields that stand in one column for money in and in another for money out."""
    fields = {column.field for column in data.table.layout.text_columns if column.when}
    if not fields:
        return {}
    going, coming = _texts(data, "out"), _texts(data, "in")
    out = pa.array(outgoing)
    return {field: pc.if_else(out, going[field], coming[field]) for field in fields}


def _texts(data: DataRows, when: str) -> dict[str, pa.Array]:
    """Every text field, trimmed; empty where the layout or the file has no such column."""
    empty = pa.array([""] * len(data.rows), pa.string())
    names = (
        "receipt", "details", "status", "reason_type", "party", "party_id", "party_name",
        "reference", "linked_receipt", "external_id", "currency",
    )  # fmt: skip
    found = dict.fromkeys(names, empty)
    for column in data.table.layout.text_columns:
        place = data.position(column)
        if place is not None and column.field in found and column.when == when:
            cells = data.cells(place)
            keeps_spaces = column.field in ("reference", "details")
            found[column.field] = cells if keeps_spaces else pc.utf8_trim_whitespace(cells)
    return found


def _receipts(receipts: pa.Array, layout: Layout, problems: Problems) -> pa.Array:
    receipts = pc.utf8_upper(receipts)
    good = as_mask(pc.match_substring_regex(receipts, layout.receipt_pattern))
    if not good.all():
        empty = as_mask(pc.equal(receipts, ""))
        scientific = as_mask(pc.match_substring_regex(receipts, _SCIENTIFIC))
        problems.note(empty, "receipt_missing", "receipt", layout.receipt_pattern)
        problems.note(scientific, "receipt_scientific", "receipt", layout.receipt_pattern)
        problems.note(~good, "receipt_damaged", "receipt", layout.receipt_pattern)
    return receipts


def _moments(data: DataRows, field: str, evidence: list[Evidence]) -> Moments:
    layout = data.table.layout
    columns = [column for column in layout.text_columns if column.field == field]
    place = data.position(columns[0]) if columns else None
    if place is None:
        nothing = np.zeros(len(data.rows), dtype=np.int64)
        return Moments(nothing, nothing.astype(np.bool_), has_seconds=False)
    true_dates = data.table.true_dates.get(place)
    return moments(
        data.cells(place),
        layout.dates,
        evidence,
        None if true_dates is None else true_dates[data.keep],
    )


def _or_initiated(completed: Moments, initiated: Moments, final: Mask) -> Moments:
    """What never completed has the moment it was begun, where no other is printed."""
    taken = ~completed.valid & initiated.valid & ~final
    if not taken.any():
        return completed
    return replace(
        completed,
        local_s=np.where(taken, initiated.local_s, completed.local_s),
        valid=completed.valid | taken,
    )


def _finality(status: pa.Array, layout: Layout, problems: Problems) -> Mask:
    if layout.status is None:
        return np.ones(len(status), dtype=np.bool_)
    words = pc.utf8_lower(status)
    final = as_mask(pc.is_in(words, pa.array([word.lower() for word in layout.status.final])))
    if not final.all():
        declared = pa.array([word.lower() for word in layout.status.non_final], pa.string())
        unknown = ~final & ~as_mask(pc.is_in(words, declared))
        expected = ", ".join((*layout.status.final, *layout.status.non_final))
        problems.note(unknown, "status_unknown", "status", expected)
    return final


class _Amounts:
    """The money columns of a file, typed; problems noted as they are met."""

    def __init__(self, data: DataRows, currency: str, problems: Problems) -> None:
        self._data = data
        self._digits = digits_of(currency)
        self._scale = f"{currency} has ({self._digits})"
        self._problems = problems
        self._count = len(data.rows)

    def column(self, field: str) -> MoneyCells:
        """One column by its field; nothing present where the file has none."""
        found = [col for col in self._data.table.layout.money_columns if col.field == field]
        return self._typed(found[0]) if found else self._nothing()

    def movement(self, final: Mask) -> tuple[Int64s, Int64s, Mask]:
        """Money in and out per row as positive minor units, and whether they could be read."""
        signed = self.column("amount")
        paid_in, paid_out = self.column("in"), self.column("out")
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
        for column in self._data.table.layout.money_columns:
            if column.field != "fee":
                continue
            cells = self._typed(column)
            ours = final & ~cells.bad
            if column.when:
                ours &= (in_minor > 0) if column.when == "in" else (out_minor > 0)
            moved = np.where(ours, np.abs(cells.minor) * column.effect, 0)
            if moved.any():
                fees.append(FeeColumn(column.name, moved))
        return fees

    def _typed(self, column: MoneyColumn) -> MoneyCells:
        place = self._data.position(column)
        if place is None:
            return self._nothing()
        cells = money(self._data.cells(place), self._data.table.layout.money, self._digits)
        self._problems.note(cells.fraction, "fraction", column.name, self._scale)
        self._problems.note(cells.bad, "amount_unreadable", column.name, "a number")
        if column.printed == "signed" or column.field == "fee":
            return cells
        minor = -cells.minor if column.printed == "negative" else cells.minor
        wrong = minor < 0
        self._problems.note(wrong, "sign_unexpected", column.name, f"{column.printed} amounts")
        return MoneyCells(minor, cells.present, cells.bad, cells.fraction)

    def _nothing(self) -> MoneyCells:
        none = np.zeros(self._count, dtype=np.bool_)
        return MoneyCells(np.zeros(self._count, dtype=np.int64), none, none, none)


def _digest(data: DataRows, wanted: Mask) -> Int64s:
    """A number equal for rows equal in every cell but a counter; 0 where it is not wanted."""
    digest = np.zeros(len(wanted), dtype=np.int64)
    if not wanted.any():
        return digest
    counters = set(data.table.layout.counter_columns)
    kept = [
        data.cells(place).filter(pa.array(wanted))
        for place, name in enumerate(data.table.header)
        if token(name) not in counters
    ]
    digest[wanted] = hash_texts(pc.binary_join_element_wise(*kept, _SEPARATOR))
    return digest


def hash_texts(array: pa.Array) -> Int64s:
    """64-bit hashes of texts, the same in every version and on every machine."""
    values = array.to_numpy(zero_copy_only=False)
    hashed: Int64s = pd.util.hash_array(values, categorize=False).view(np.int64)
    return hashed
