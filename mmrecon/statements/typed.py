"""Data rows under their layout's declarations: integers, moments, and what is wrong with a row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.statements.amounts import Amounts, FeeColumn, Problems
from mmrecon.statements.cells import Mask, as_mask
from mmrecon.statements.layout import Layout, Status, token
from mmrecon.statements.moments import Evidence, Int64s, Moments, moments
from mmrecon.statements.rows import DataRows

_SCIENTIFIC: Final = r"^[-+]?\d+(?:[.,]\d*)?[eE]\+?\d+$"
_SEPARATOR: Final = "\x1f"


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
    finality_known: bool
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


def type_rows(
    data: DataRows, currency: str, zone: str, evidence: list[Evidence], own_account: str
) -> TypedRows:
    """Type every declared column; `own_account` is the wallet's, or empty.

    Raises:
        NotReadableError: the file's dates cannot be told apart.
    """
    layout = data.table.layout
    texts = _texts(data, "")
    problems = Problems(np.zeros(len(data.rows), dtype=np.int64), [])
    texts["receipt"] = _receipts(texts["receipt"], layout, problems)
    words = layout.status if data.has("status") else None
    finality_known = words is not None or layout.status is None or layout.status.absent == "final"
    final = _finality(texts["status"], words, problems)
    completed = _moments(data, "completed_at", zone, evidence)
    initiated = _moments(data, "initiated_at", zone, evidence)
    completed = _or_initiated(completed, initiated, final)
    problems.note(~completed.valid, "date_unreadable", "completed_at", layout.dates[0].format)
    amounts = Amounts(data, currency, problems, own_account)
    in_minor, out_minor, known = amounts.movement(final, texts["direction"])
    balance = amounts.of_direction("balance", out_minor > 0)
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
        finality_known=finality_known,
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
        "reference", "linked_receipt", "external_id", "currency", "direction",
    )  # fmt: skip
    found = dict.fromkeys(names, empty)
    for column in data.table.layout.text_columns:
        place = data.position(column)
        if place is not None and column.field in found and column.when == when:
            cells = data.cells(place)
            keeps_spaces = column.field in ("reference", "details") and not column.join
            cells = cells if keeps_spaces else pc.utf8_trim_whitespace(cells)
            found[column.field] = _joined(found[column.field], cells) if column.join else cells
    return found


def _joined(first: pa.Array, second: pa.Array) -> pa.Array:
    """Two texts with one blank between them, where both are filled."""
    return pc.utf8_trim_whitespace(pc.binary_join_element_wise(first, second, " "))


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


def _moments(data: DataRows, field: str, zone: str, evidence: list[Evidence]) -> Moments:
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
        zone,
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


def _finality(status: pa.Array, words: Status | None, problems: Problems) -> Mask:
    if words is None:
        return np.ones(len(status), dtype=np.bool_)
    found = pc.utf8_lower(status)
    final = as_mask(pc.is_in(found, pa.array([word.lower() for word in words.final])))
    if not final.all():
        declared = pa.array([word.lower() for word in words.non_final], pa.string())
        unknown = ~final & ~as_mask(pc.is_in(found, declared))
        if words.non_final_pattern is not None:
            unknown &= ~as_mask(pc.match_substring_regex(status, words.non_final_pattern))
        expected = ", ".join((*words.final, *words.non_final))
        problems.note(unknown, "status_unknown", "status", expected)
    return final


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
