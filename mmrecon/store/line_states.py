"""A line's state is never stored: it follows from match, answers, postings and links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, case, literal, select

from mmrecon.model.line_state import LineFactFrame, LineState, derive
from mmrecon.model.posting import DEAD_STATES, Purpose
from mmrecon.store.schema import BATCH, BATCH_ROW, HOLD, LINE, LINK, MATCH, POSTING, REVIEW_REASON

_FEW: Final = 500
"""Up to so many ids are asked for by name; more are cheaper to read whole."""

_LINE_PURPOSES: Final = (Purpose.POST, Purpose.PARK, Purpose.ALLOCATE, Purpose.PAY)
_OCCUPYING_PURPOSES: Final = (Purpose.POST, Purpose.PARK, Purpose.PAY)


def line_states(connection: Connection, line_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """The state word of each line (all, or those asked for), as a LineStateFrame by line_id."""
    wanted = None if line_ids is None else sorted(set(line_ids))
    lines = _read(connection, select(LINE.c.line_id, LINE.c.amount_minor), LINE.c.line_id, wanted)
    frame = pd.DataFrame(lines, columns=["line_id", "amount_minor"]).astype("int64")
    if wanted is not None:
        frame = frame[frame["line_id"].isin(wanted)].reset_index(drop=True)
    questions = _facts(connection, *_returned(), wanted)
    sent_back, held, submitted = (
        _facts(connection, query, column, wanted)
        for query, column in (_sent_back(), _held(), _submitted())
    )
    occupying = [
        _facts(connection, query, column, wanted) for query, column in (_postings(), _links())
    ]
    return derive(
        frame.sort_values("line_id", ignore_index=True),
        matched=_facts(connection, *_matched(), wanted),
        waiting=pd.concat([sent_back, questions, held, submitted], ignore_index=True),
        questions=questions,
        occupying=pd.concat(occupying, ignore_index=True),
    )


_Query = tuple[Select[Any], ColumnElement[int]]


def _matched() -> _Query:
    query = select(MATCH.c.line_id, MATCH.c.state, literal(0)).where(
        MATCH.c.superseded_by_run_id == ""
    )
    return query, MATCH.c.line_id


def _sent_back() -> _Query:
    """What Fineract refused, a changed fact withdrew or somebody took back is a person's again."""
    query = select(POSTING.c.line_id, literal(LineState.REVIEW.value), literal(0)).where(
        POSTING.c.line_id.is_not(None),
        POSTING.c.state.in_(DEAD_STATES),
        POSTING.c.purpose.in_(_LINE_PURPOSES),
    )
    return query, POSTING.c.line_id


def _returned() -> _Query:
    elsewhere = LineState.POSTED_ELSEWHERE.value
    state = case(
        (REVIEW_REASON.c.code == elsewhere, elsewhere), else_=literal(LineState.REVIEW.value)
    )
    query = (
        select(REVIEW_REASON.c.line_id, state, literal(0))
        .where(REVIEW_REASON.c.cleared.is_(False))
        .order_by(state)
    )
    return query, REVIEW_REASON.c.line_id


def _held() -> _Query:
    held = case(
        (HOLD.c.kind == "suspense", literal(LineState.SUSPENSE.value)),
        else_=literal(LineState.HELD.value),
    )
    query = (
        select(HOLD.c.line_id, held, literal(0))
        .where(HOLD.c.ended.is_(False))
        .order_by(HOLD.c.hold_id)
    )
    return query, HOLD.c.line_id


def _submitted() -> _Query:
    state = case(
        (BATCH.c.kind == "links", literal(LineState.POSTED_ELSEWHERE.value)),
        else_=literal(LineState.SUBMITTED.value),
    )
    query = (
        select(BATCH_ROW.c.line_id, state, literal(0))
        .join(BATCH, BATCH.c.batch_id == BATCH_ROW.c.batch_id)
        .where(
            BATCH_ROW.c.line_id.is_not(None),
            BATCH.c.state == "prepared",
            BATCH_ROW.c.rejected.is_(False),
        )
        .order_by(BATCH.c.prepared_at_utc)
    )
    return query, BATCH_ROW.c.line_id


def _postings() -> _Query:
    occupied = case(
        (POSTING.c.purpose.in_(_OCCUPYING_PURPOSES), POSTING.c.amount_minor), else_=literal(0)
    )
    query = select(POSTING.c.line_id, POSTING.c.state, occupied).where(
        and_(
            POSTING.c.line_id.is_not(None),
            POSTING.c.state.not_in(DEAD_STATES),
            POSTING.c.purpose.in_(_LINE_PURPOSES),
        )
    )
    return query, POSTING.c.line_id


def _links() -> _Query:
    state = case(
        (LINK.c.kind == "transaction", literal(LineState.POSTED_ELSEWHERE.value)),
        (LINK.c.kind == "by_hand", literal(LineState.CLOSED_BY_HAND.value)),
        else_=literal(LineState.NOT_OURS.value),
    )
    query = select(LINK.c.line_id, state, LINK.c.amount_minor).where(
        LINK.c.line_id.is_not(None), LINK.c.withdrawn.is_(False)
    )
    return query, LINK.c.line_id


def _facts(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[int],
    wanted: Sequence[int] | None,
) -> pd.DataFrame:
    rows = _read(connection, query, column, wanted)
    line_ids, states, amounts = zip(*rows, strict=True) if rows else ((), (), ())
    return LineFactFrame.build(
        {"line_id": list(line_ids), "state": list(states), "amount_minor": list(amounts)}
    )


def _read(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[int],
    wanted: Sequence[int] | None,
) -> list[tuple[Any, ...]]:
    if wanted is not None and len(wanted) <= _FEW:
        query = query.where(column.in_(wanted))
    return [tuple(row) for row in connection.execute(query).all()]
