"""A reversal and the payment that it takes back, closed together once the posting is taken back.

The row that two people sign stands in the batch of the correction (`model/undo.py`). Until Fineract
shows the posting reversed, the reversal is held; nothing is closed on somebody's word.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from mmrecon.errors import Defect
from mmrecon.model.approval import CanonicalRow
from mmrecon.model.posting import PostingState
from mmrecon.model.undo import CLOSE_REVERSAL, UNDO
from mmrecon.store import journal
from mmrecon.store.batches import altered
from mmrecon.store.line_sources import line_sources
from mmrecon.store.occupied import check_source
from mmrecon.store.review_reasons import ReviewReason, add_reasons, clear_reasons
from mmrecon.store.schema import BATCH_ROW, HOLD, LINK, POSTING

HELD_FOR_UNDO: Final = "undo"
"""The kind of hold of a reversal whose posting is about to be taken back."""


@dataclass(frozen=True, slots=True)
class SignedRow:
    """A row of a correction and the line the store knows it by."""

    batch_id: str
    row_number: int
    line_id: int | None
    row: CanonicalRow


def hold_reversals(connection: Connection, rows: Sequence[SignedRow], *, at_utc: str) -> None:
    """Reversals whose correction was approved just now wait for it.

    Raises:
        SafetyRefusal: a row's index names another line than the row itself.
    """
    _refuse_misplaced(connection, rows)
    for one in rows:  # few: a person answered each
        values = {
            "line_id": one.line_id, "kind": HELD_FOR_UNDO, "until": "", "batch_id": one.batch_id,
            "batch_row": one.row_number, "reason": str(one.row["reason"]), "at_utc": at_utc,
            "ended": False,
        }  # fmt: skip
        connection.execute(insert(HOLD), [values])


def close_pairs(
    connection: Connection, batch_ids: Collection[str], *, at_utc: str, run_id: str
) -> None:
    """Close reversal and payment of these corrections wherever every leg reads back as undone.

    Raises:
        SafetyRefusal: a row's index names another line than the row itself.
        Defect: a line would be closed that something else occupies.
    """
    for batch_id in sorted(batch_ids):
        rows = _rows(connection, batch_id)
        for closing in rows:
            legs = [one for one in rows if _is_leg_of(one, closing)]
            if closing.row["act"] == CLOSE_REVERSAL and _all_undone(connection, legs):
                _close(connection, closing, legs, at_utc, run_id)


def ask_about_reversals(
    connection: Connection, batch_ids: Collection[str], code: str, *, at_utc: str
) -> None:
    """A correction came to an end without an undo: the reversal is a person's question again."""
    for batch_id in sorted(batch_ids):
        for one in _rows(connection, batch_id):
            if one.row["act"] == CLOSE_REVERSAL and one.line_id is not None:
                _end_hold(connection, one)
                arguments = {"batch_id": batch_id, "why": code}
                reason = ReviewReason(one.line_id, "reversal_not_undone", arguments)
                add_reasons(connection, [reason], at_utc=at_utc)


def _rows(connection: Connection, batch_id: str) -> list[SignedRow]:
    """Rows of a correction that nobody rejected."""
    query = (
        select(BATCH_ROW.c.row_number, BATCH_ROW.c.line_id, BATCH_ROW.c.row_json)
        .where(BATCH_ROW.c.batch_id == batch_id, BATCH_ROW.c.rejected.is_(False))
        .order_by(BATCH_ROW.c.row_number)
    )
    return [
        SignedRow(batch_id, row.row_number, row.line_id, json.loads(row.row_json))
        for row in connection.execute(query)
    ]


def _is_leg_of(one: SignedRow, closing: SignedRow) -> bool:
    return one.row["act"] == UNDO and one.row["line"] == closing.row["line"]


def _all_undone(connection: Connection, legs: Sequence[SignedRow]) -> bool:
    states = [
        connection.execute(
            select(POSTING.c.state).where(
                POSTING.c.batch_id == batch_id, POSTING.c.batch_row == number
            )
        ).scalar_one_or_none()
        for batch_id, number in (_list(leg.row["posting"]) for leg in legs)
    ]
    return bool(states) and all(state == PostingState.UNDONE for state in states)


def _close(
    connection: Connection,
    closing: SignedRow,
    legs: Sequence[SignedRow],
    at_utc: str,
    run_id: str,
) -> None:
    _refuse_misplaced(connection, [closing, *legs])
    amount_minor = sum(_integer(leg.row["amount_minor"]) for leg in legs)
    links = [
        _link(closing, str(closing.row["reversal"]), _integer(closing.row["amount_minor"])),
        _link(legs[0], str(closing.row["line"]), amount_minor),
    ]
    lines = [one for one in (closing.line_id, legs[0].line_id) if one is not None]
    clear_reasons(connection, lines)
    _end_hold(connection, closing)
    for link in links:
        connection.execute(insert(LINK), [{**link, "at_utc": at_utc}])
        if check_source(connection, link["source"], line_id=link["line_id"]):
            raise Defect("a line would be closed that something else occupies")
    entries = [
        journal.Entry(
            "link_made",
            {"batch_id": link["batch_id"], "row": link["batch_row"], "act": CLOSE_REVERSAL},
        )
        for link in links
    ]
    journal.append(connection, entries, at_utc=at_utc, run_id=run_id)


def _link(one: SignedRow, source: str, amount_minor: int) -> dict[str, Any]:
    return {
        "batch_id": one.batch_id, "batch_row": one.row_number, "source": source,
        "line_id": one.line_id, "item_id": None, "kind": "by_hand", "amount_minor": amount_minor,
        "account_kind": "", "account_id": None, "transaction_id": "", "paper_reference": "",
        "reason": str(one.row["reason"]), "withdrawn": False,
    }  # fmt: skip


def _end_hold(connection: Connection, one: SignedRow) -> None:
    connection.execute(
        update(HOLD)
        .where(HOLD.c.batch_id == one.batch_id, HOLD.c.batch_row == one.row_number)
        .values(ended=True)
    )


def _refuse_misplaced(connection: Connection, rows: Sequence[SignedRow]) -> None:
    known = line_sources(connection, [one.line_id for one in rows if one.line_id is not None])
    for one, named in zip(rows, _named(rows), strict=True):
        if one.line_id is None or known.get(one.line_id) != named:
            what = f"row {one.row_number} points to another line than it names"
            raise altered(one.batch_id, what)


def _named(rows: Sequence[SignedRow]) -> Iterator[str]:
    for one in rows:
        row: Mapping[str, object] = one.row
        yield str(row["reversal"] if row["act"] == CLOSE_REVERSAL else row["line"])


def _list(value: object) -> tuple[str, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise Defect("a correction names no posting")
    return str(value[0]), int(value[1])


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise Defect("a batch row's amount is no integer")
    return value
