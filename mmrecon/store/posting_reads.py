"""Postings out of the store, as frozen records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select

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
    query = _ALL.where(POSTING.c.state.in_([state.value for state in states]))
    if shadow is not None:
        query = query.where(POSTING.c.shadow.is_(shadow))
    return [_posting(row) for row in connection.execute(query)]


def postings_of(connection: Connection, posting_ids: Collection[int]) -> list[Posting]:
    """Postings by their ids, in the order they were approved."""
    if len(posting_ids) <= _FEW:
        rows = connection.execute(_THESE, {"posting_ids": list(posting_ids)})
        return [_posting(row) for row in rows]
    wanted = set(posting_ids)
    rows = connection.execute(_ALL)
    return [_posting(row) for row in rows if row.posting_id in wanted]


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
