"""Corrections as two people signed them, for the tests of taking back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from mmrecon.fineract.client import FineractClient
from mmrecon.model.clock import iso_utc, system_clock
from mmrecon.model.posting import Posting, PostingState
from mmrecon.model.undo import ApprovedUndo, undo_row
from mmrecon.posting.context import PostingContext
from mmrecon.posting.plan import line_of
from mmrecon.posting.undo import Outcome, Undoer
from mmrecon.posting.undo_consequences import Looked, look_at
from mmrecon.posting.undo_reads import read_all
from mmrecon.store.database import reading
from mmrecon.store.posting_reads import postings_in
from mmrecon.store.postings import posting_facts
from mmrecon.store.undos import rows_of
from tests.posting.desk import Desk

STANDING = ("posted", "verified", "undoing")


def looked_at(desk: Desk, line_id: int, states: Sequence[str] = STANDING) -> list[Looked]:
    """What taking a line back would do now."""
    legs = _legs(desk, line_id, states)
    return look_at([legs], read_all(desk.branch.client, legs))


def correction(
    desk: Desk, line_id: int, *, approved_at_utc: str = "", states: Sequence[str] = STANDING
) -> list[ApprovedUndo]:
    """All legs of a line, as two people who saw what it does signed them."""
    looked = looked_at(desk, line_id, states)
    return _signed(desk.engine, looked, approved_at_utc or iso_utc(system_clock()))


def _signed(engine: Engine, looked: Sequence[Looked], approved_at_utc: str) -> list[ApprovedUndo]:
    with reading(engine) as connection:
        originals = rows_of(connection, [one.posting for one in looked])
    undos = []
    for number, one in enumerate(looked, 1):
        posting = one.posting
        original = originals[posting.batch_id, posting.batch_row]
        row = undo_row(posting, original, "wrong client", 1, one.consequences)
        undos.append(
            ApprovedUndo(
                posting=posting,
                batch_id=f"corrections-{posting.line_id}",
                row_number=number,
                facts=posting_facts(row),
                reason="wrong client",
                approved_at_utc=approved_at_utc,
                shown=one.consequences,
            )
        )
    return undos


def undo_everything(context: PostingContext, client: FineractClient) -> None:
    """Take back every line that stands or was begun, newest first, begun ones before."""
    states = [PostingState.POSTED, PostingState.VERIFIED, PostingState.UNDOING]
    with reading(context.engine) as connection:
        postings = postings_in(connection, states)
    lines: dict[str, list[Posting]] = {}
    for posting in reversed(postings):
        lines.setdefault(line_of(posting), []).append(posting)
    begun_first = sorted(
        lines.values(), key=lambda legs: all(leg.state != "undoing" for leg in legs)
    )
    undoer = Undoer(context, client)
    for legs in begun_first:
        looked = look_at([legs], read_all(client, legs))
        undoer.take_back(_signed(context.engine, looked, context.at_utc()))


def take_back(
    desk: Desk,
    line_id: int,
    *,
    undos: Sequence[ApprovedUndo] = (),
    context: PostingContext | None = None,
    client: FineractClient | None = None,
    states: Sequence[str] = STANDING,
) -> Outcome:
    """Take a line back as `post` does."""
    undoer = Undoer(context or desk.context(), client or desk.branch.client)
    return undoer.take_back(undos or correction(desk, line_id, states=states))


def _legs(desk: Desk, line_id: int, states: Sequence[str]) -> list[Posting]:
    legs = [posting for posting in desk.postings() if posting.line_id == line_id]
    return [leg for leg in reversed(legs) if leg.state.value in states]
