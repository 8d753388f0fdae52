"""The effect of an approved resolution: a posting's end, in the transaction of the signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.posting import Posting, PostingState
from mmrecon.model.resolution import RESOLVABLE, RESOLVE_POSTED, RESOLVED_BY_PERSON
from mmrecon.store.posting_reads import legs_beside, posting_of_row
from mmrecon.store.postings import Change, RefusedRow, change_states
from mmrecon.store.review_reasons import ReviewReason, add_reasons

_UNSENT: Final = (PostingState.APPROVED, PostingState.DEFERRED)


def resolve(
    connection: Connection,
    rows: Sequence[tuple[int, CanonicalRow]],
    batch_id: str,
    *,
    at_utc: str,
    run_id: str,
) -> list[RefusedRow]:
    """End the postings that rows (number, facts) name; gives rows that came too late.

    What was not posted sends its line back to review, and its legs that were not sent with it.
    """
    refused: list[RefusedRow] = []
    not_posted: list[Posting] = []
    for number, row in rows:  # few: a person looked each up
        posting = posting_of_row(connection, row)
        change = None if posting is None else _change(posting, row)
        if posting is None or change is None:
            refused.append(RefusedRow(number, "posting_ended_already"))
            continue
        change_states(connection, [change], at_utc=at_utc, run_id=run_id)
        if change.to is not PostingState.POSTED:
            not_posted.append(posting)
    _back_to_review(connection, not_posted, batch_id, at_utc=at_utc, run_id=run_id)
    return refused


def _change(posting: Posting, row: CanonicalRow) -> Change | None:
    if posting.state not in RESOLVABLE:
        return None
    posted = row["act"] == RESOLVE_POSTED
    given_up = (
        PostingState.WITHDRAWN if posting.state is PostingState.DEFERRED else PostingState.REFUSED
    )
    return Change(
        posting.posting_id,
        {posting.state},
        PostingState.POSTED if posted else given_up,
        RESOLVED_BY_PERSON,
        str(row["transaction_id"]),
    )


def _back_to_review(
    connection: Connection, postings: Sequence[Posting], batch_id: str, *, at_utc: str, run_id: str
) -> None:
    siblings = legs_beside(connection, postings, _UNSENT)
    changes = [
        Change(leg.posting_id, {leg.state}, PostingState.WITHDRAWN, "sibling_refused")
        for leg in siblings
    ]
    change_states(connection, changes, at_utc=at_utc, run_id=run_id)
    reasons = [
        ReviewReason(one.line_id, "resolved_not_posted", {"leg": one.leg, "batch_id": batch_id})
        for one in postings
        if one.line_id is not None
    ]
    add_reasons(connection, reasons, at_utc=at_utc)
