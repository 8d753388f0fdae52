"""Postings out of the store, as frozen records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from sys import intern
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.posting import Command, Posting, PostingEnd, PostingState, Purpose, SentHow
from mmrecon.store.schema import EXCHANGE, POSTING

_CHUNK: Final = 500


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
    connection: Connection,
    states: Iterable[PostingState],
    *,
    shadow: bool | None = None,
    batch_id: str = "",
) -> list[Posting]:
    """Postings in some states (of one batch), in the order they were approved."""
    query = _ALL.where(POSTING.c.state.in_([state.value for state in states]))
    if shadow is not None:
        query = query.where(POSTING.c.shadow.is_(shadow))
    if batch_id:
        query = query.where(POSTING.c.batch_id == batch_id)
    return [_posting(row) for row in connection.execute(query)]


def batches_with(connection: Connection, states: Iterable[PostingState]) -> list[str]:
    """Batches that have postings in some states."""
    query = select(POSTING.c.batch_id).where(POSTING.c.state.in_([state.value for state in states]))
    return sorted(connection.execute(query.distinct()).scalars())


def postings_of(connection: Connection, posting_ids: Collection[int]) -> list[Posting]:
    """Postings by their ids, in the order they were approved."""
    return [
        _posting(row)
        for chunk in _chunks(posting_ids)
        for row in connection.execute(_THESE, {"posting_ids": chunk})
    ]


def ends_of(connection: Connection, posting_ids: Collection[int]) -> list[PostingEnd]:
    """Where postings stand, by their ids, in the order they were approved."""
    return [
        PostingEnd(
            row.posting_id, row.line_id, PostingState(row.state), intern(row.reason),
            intern(row.currency), row.amount_minor, row.shadow,
        )
        for chunk in _chunks(posting_ids)
        for row in connection.execute(_ENDS, {"posting_ids": chunk})
    ]  # fmt: skip


def count_in(
    connection: Connection, posting_ids: Collection[int], states: Collection[PostingState]
) -> int:
    """How many of some postings are in some states."""
    return sum(end.state in states for end in ends_of(connection, posting_ids))


def _chunks(posting_ids: Collection[int]) -> Iterator[list[int]]:
    wanted = sorted(posting_ids)
    return (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))


def posting_of_row(connection: Connection, row: CanonicalRow) -> Posting | None:
    """The posting that a row of a `corrections` batch names by its `posting` [batch_id, row]."""
    named = row.get("posting")
    batch_id, number = named if isinstance(named, list) and len(named) == 2 else ("", 0)
    query = _ALL.where(POSTING.c.batch_id == batch_id, POSTING.c.batch_row == number)
    found = connection.execute(query).one_or_none()
    return None if found is None else _posting(found)


def legs_beside(
    connection: Connection, legs: Sequence[Posting], states: Iterable[PostingState]
) -> list[Posting]:
    """Postings in some states of the lines (or, without one, the sources) of `legs`; few."""
    line_ids = {leg.line_id for leg in legs if leg.line_id is not None}
    sources = {leg.source for leg in legs if leg.line_id is None}
    query = _ALL.where(
        POSTING.c.state.in_([state.value for state in states]),
        or_(
            POSTING.c.line_id.in_(line_ids),
            and_(POSTING.c.line_id.is_(None), POSTING.c.source.in_(sources)),
        ),
    )
    return [_posting(row) for row in connection.execute(query)]


_NAMES: Final = tuple(field.name for field in fields(Posting))
_ALL: Final = select(*(POSTING.c[name] for name in _NAMES)).order_by(POSTING.c.posting_id)
_THESE: Final = _ALL.where(POSTING.c.posting_id.in_(bindparam("posting_ids", expanding=True)))
"""Built once: it runs before every call to Fineract."""
_ENDS: Final = (
    select(*(POSTING.c[field.name] for field in fields(PostingEnd)))
    .where(POSTING.c.posting_id.in_(bindparam("posting_ids", expanding=True)))
    .order_by(POSTING.c.posting_id)
)


def _posting(row: Row[Any]) -> Posting:
    values = [word(value) if word else value for word, value in zip(_WORDS, row, strict=True)]
    return Posting(*values)


_ENUMS: Final[Mapping[str, Callable[[str], Any]]] = {
    "purpose": Purpose,
    "command": Command,
    "state": PostingState,
    "sent_how": SentHow,
}
_WORDS: Final = tuple(_ENUMS.get(name) for name in _NAMES)
