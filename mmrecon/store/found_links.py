"""Exact hits: lines whose money stands in Fineract already, and whose link nobody has signed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from mmrecon.model.approval import BatchKind, BatchState
from mmrecon.model.line_state import LineState
from mmrecon.store.line_states import line_states
from mmrecon.store.occupied import left_of_lines
from mmrecon.store.schema import BATCH, BATCH_ROW, LINE, REVIEW_REASON

POSTED_ELSEWHERE = LineState.POSTED_ELSEWHERE.value


@dataclass(frozen=True, slots=True)
class FoundTransaction:
    """A Fineract transaction that `post` found to be a line's money; `link_minor` is to be linked.

    `transaction_minor` is its whole amount, as read.
    """

    line_id: int
    receipt: str
    account_kind: str
    account_id: int
    transaction_id: str
    transaction_minor: int
    link_minor: int
    currency: str


def found_transactions(connection: Connection) -> list[FoundTransaction]:
    """What was found and is neither linked, nor waiting for a signature, nor a question."""
    names = (LINE.c.receipt, LINE.c.currency)
    query = (
        select(REVIEW_REASON.c.line_id, REVIEW_REASON.c.arguments_json, *names)
        .join(LINE, LINE.c.line_id == REVIEW_REASON.c.line_id)
        .where(REVIEW_REASON.c.code == POSTED_ELSEWHERE, REVIEW_REASON.c.cleared.is_(False))
        .order_by(REVIEW_REASON.c.review_reason_id)
    )
    newest = {row.line_id: row for row in connection.execute(query)}
    if not newest:
        return []
    states = line_states(connection, list(newest))
    found = set(states.loc[states["state"] == POSTED_ELSEWHERE, "line_id"].tolist())
    found -= waiting_links(connection, sorted(found)).keys()
    left = left_of_lines(connection, sorted(found)).to_dict()
    made = (
        _found(row, int(left[line_id]))
        for line_id, row in sorted(newest.items())
        if line_id in found
    )
    return [one for one in made if one.link_minor > 0]


def waiting_links(connection: Connection, line_ids: Sequence[int]) -> dict[int, str]:
    """The batch of links in which each of some lines waits for another person."""
    query = (
        select(BATCH_ROW.c.line_id, BATCH_ROW.c.batch_id)
        .join(BATCH, BATCH.c.batch_id == BATCH_ROW.c.batch_id)
        .where(
            BATCH.c.kind == BatchKind.LINKS.value,
            BATCH.c.state == BatchState.PREPARED.value,
            BATCH_ROW.c.rejected.is_(False),
        )
    )
    wanted = set(line_ids)
    return {row[0]: row[1] for row in connection.execute(query) if row[0] in wanted}


def _found(row: Any, left_minor: int) -> FoundTransaction:
    told = json.loads(row.arguments_json)
    return FoundTransaction(
        line_id=row.line_id,
        receipt=row.receipt,
        account_kind=str(told["account_kind"]),
        account_id=int(told["account_id"]),
        transaction_id=str(told["transaction_id"]),
        transaction_minor=int(told["amount_minor"]),
        link_minor=min(left_minor, int(told["amount_minor"])),
        currency=row.currency,
    )
