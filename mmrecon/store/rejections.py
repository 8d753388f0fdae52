"""Answers that another person did not approve: who said so, when and why."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from mmrecon.model.approval import BatchState
from mmrecon.store.schema import BATCH, BATCH_ROW, ENROLMENT, SIGNATURE

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Rejection:
    """The newest answer of a line, which somebody rejected; `person` is their name."""

    line_id: int
    person: str
    at_utc: str
    reason: str


def rejections(connection: Connection, line_ids: Sequence[int]) -> list[Rejection]:
    """Lines whose newest row in any batch was rejected, alone or with its whole batch."""
    newest = {row.line_id: row for row in _rows(connection, line_ids)}
    rejected = [
        row for row in newest.values() if row.rejected or row.state == BatchState.REJECTED.value
    ]
    signed = _signed(connection, {row.batch_id for row in rejected})
    return [_rejection(row, signed.get(row.batch_id, ())) for row in rejected]  # few: people typed


def _rows(connection: Connection, line_ids: Sequence[int]) -> Iterator[Any]:
    """Every batch row of these lines, oldest batch first."""
    query = (
        select(
            BATCH_ROW.c.line_id, BATCH_ROW.c.batch_id, BATCH_ROW.c.row_number,
            BATCH_ROW.c.rejected, BATCH_ROW.c.reject_reason, BATCH.c.state, BATCH.c.reason,
            BATCH.c.decided_by, BATCH.c.decided_at_utc,
        )
        .join(BATCH, BATCH.c.batch_id == BATCH_ROW.c.batch_id)
        .order_by(BATCH.c.prepared_at_utc, BATCH.c.batch_id)
    )  # fmt: skip
    for start in range(0, len(line_ids), _CHUNK):
        chunk = line_ids[start : start + _CHUNK]
        yield from connection.execute(query.where(BATCH_ROW.c.line_id.in_(chunk)))


def _signed(connection: Connection, batch_ids: Collection[str]) -> dict[str, list[Any]]:
    """The signatures of some batches, with the names of the keys that made them."""
    query = (
        select(
            SIGNATURE.c.batch_id, SIGNATURE.c.rejected_rows_json, SIGNATURE.c.signed_at_utc,
            ENROLMENT.c.name,
        )
        .join(ENROLMENT, ENROLMENT.c.fingerprint == SIGNATURE.c.fingerprint)
        .where(SIGNATURE.c.batch_id.in_(list(batch_ids)))
    )  # fmt: skip
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.batch_id, []).append(row)
    return found


def _rejection(row: Any, signed: Sequence[Any]) -> Rejection:
    """Of two approvers, the one who rejected the row."""
    of_row = (one for one in signed if row.row_number in json.loads(one.rejected_rows_json))
    one = next(of_row, None)
    return Rejection(
        line_id=row.line_id,
        person=row.decided_by if one is None else one.name,
        at_utc=row.decided_at_utc if one is None else one.signed_at_utc,
        reason=row.reject_reason or row.reason,
    )
