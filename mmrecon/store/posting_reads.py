"""Postings out of the store, as frozen records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, or_, select

from mmrecon.model.account import AccountKind
from mmrecon.model.approval import CanonicalRow
from mmrecon.model.posting import Command, Posting, PostingState, Purpose, SentHow
from mmrecon.store.schema import EXCHANGE, POSTING

_FEW: Final = 500


def times_sent(connection: Connection, posting_ids: Collection[int]) -> dict[int, int]:
    """How often each posting was sent with the key it has now."""
    query = (
        select(EXCHANGE.c.posting_id, func.count())
        .join(
            POSTING,
            (POSTING.c.posting_id == EXCHANGE.c.posting_id)
            & (POSTING.c.idempotency_key == EXCHANGE.c.idempotency_key),
        )
        .where(EXCHANGE.c.posting_id.in_(list(posting_ids)))
        .group_by(EXCHANGE.c.posting_id)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def postings_in(
    connection: Connection, states: Iterable[PostingState], *, shadow: bool | None = None
) -> list[Posting]:
    """Postings in some states, in the order they were approved."""
    query = select(POSTING).where(POSTING.c.state.in_([state.value for state in states]))
    if shadow is not None:
        query = query.where(POSTING.c.shadow.is_(shadow))
    return [_posting(row) for row in connection.execute(query.order_by(POSTING.c.posting_id))]


def postings_of(connection: Connection, posting_ids: Collection[int]) -> list[Posting]:
    """Postings by their ids, in the order they were approved."""
    query = select(POSTING).order_by(POSTING.c.posting_id)
    if len(posting_ids) <= _FEW:
        query = query.where(POSTING.c.posting_id.in_(list(posting_ids)))
    found = [_posting(row) for row in connection.execute(query)]
    return [posting for posting in found if posting.posting_id in set(posting_ids)]


def posting_of_row(connection: Connection, row: CanonicalRow) -> Posting | None:
    """The posting that a row of a `corrections` batch names by its `posting` [batch_id, row]."""
    named = row.get("posting")
    batch_id, number = named if isinstance(named, list) and len(named) == 2 else ("", 0)
    query = select(POSTING).where(POSTING.c.batch_id == batch_id, POSTING.c.batch_row == number)
    found = connection.execute(query).one_or_none()
    return None if found is None else _posting(found)


def legs_beside(
    connection: Connection, legs: Sequence[Posting], states: Iterable[PostingState]
) -> list[Posting]:
    """Postings in some states of the lines (or, without one, the sources) of `legs`; few."""
    line_ids = {leg.line_id for leg in legs if leg.line_id is not None}
    sources = {leg.source for leg in legs if leg.line_id is None}
    query = select(POSTING).where(
        POSTING.c.state.in_([state.value for state in states]),
        or_(
            POSTING.c.line_id.in_(line_ids),
            and_(POSTING.c.line_id.is_(None), POSTING.c.source.in_(sources)),
        ),
    )
    return [_posting(row) for row in connection.execute(query.order_by(POSTING.c.posting_id))]


_NAMES: Final = tuple(field.name for field in fields(Posting))


_FATE_OPEN: Final = (PostingState.SENDING, PostingState.UNKNOWN, PostingState.UNDOING)


def open_accounts(connection: Connection, account_ids: Collection[int]) -> set[tuple[str, int]]:
    """Which accounts have a posting whose fate is open: nothing new goes to them."""
    query = select(POSTING.c.account_kind, POSTING.c.account_id).where(
        POSTING.c.account_kind.in_(list(AccountKind)),
        POSTING.c.account_id.in_(list(account_ids)),
        POSTING.c.state.in_([state.value for state in _FATE_OPEN]),
    )
    return {(row.account_kind, row.account_id) for row in connection.execute(query)}


def _posting(row: Row[Any]) -> Posting:
    values = {name: getattr(row, name) for name in _NAMES}
    values["purpose"] = Purpose(values["purpose"])
    values["command"] = Command(values["command"])
    values["state"] = PostingState(values["state"])
    values["sent_how"] = SentHow(values["sent_how"])
    return Posting(**values)
