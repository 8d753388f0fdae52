"""What live postings and links leave of an amount; the only place that sums it (DESIGN section 5).

post + park + links <= the line; pay + links <= the item; allocate <= live park; the links of one
Fineract transaction <= its amount. A line that settles an item is occupied by what is paid too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, Table, func, select

from mmrecon.model.posting import DEAD_STATES, Purpose
from mmrecon.store.schema import ITEM, LINE, LINK, POSTING

_FEW: Final = 500
"""Up to so many ids are asked for by name; more are cheaper to read whole."""

_OF_LINE: Final = (Purpose.POST, Purpose.PARK, Purpose.PAY)
_OF_ITEM: Final = (Purpose.PAY,)


@dataclass(frozen=True, slots=True)
class Excess:
    """More is occupied than there is; `what` is `line`, `item`, `park` or `transaction`."""

    what: str
    amount_minor: int
    occupied_minor: int


def left_of_lines(connection: Connection, line_ids: Sequence[int] | None = None) -> pd.Series:
    """Minor units left of each line (all, or those asked for), int64 by line_id."""
    return _left(connection, LINE, "line_id", _OF_LINE, line_ids)


def left_of_items(connection: Connection, item_ids: Sequence[int] | None = None) -> pd.Series:
    """Minor units left of each item (all, or those asked for), int64 by item_id."""
    return _left(connection, ITEM, "item_id", _OF_ITEM, item_ids)


def left_to_allocate(connection: Connection, source: str) -> int:
    """Minor units that are parked in suspense and not allocated out of it."""
    live = select(POSTING.c.purpose, func.sum(POSTING.c.amount_minor)).where(
        POSTING.c.source == source, _live()
    )
    sums = {row[0]: int(row[1]) for row in connection.execute(live.group_by(POSTING.c.purpose))}
    return sums.get(Purpose.PARK.value, 0) - sums.get(Purpose.ALLOCATE.value, 0)


def linked_of_transaction(connection: Connection, account_kind: str, transaction_id: str) -> int:
    """Minor units of a Fineract transaction that links occupy already."""
    query = select(func.coalesce(func.sum(LINK.c.amount_minor), 0)).where(
        LINK.c.kind == "transaction",
        LINK.c.account_kind == account_kind,
        LINK.c.transaction_id == transaction_id,
        LINK.c.withdrawn.is_(False),
    )
    return int(connection.execute(query).scalar_one())


def is_own_transaction(connection: Connection, account_kind: str, transaction_id: str) -> bool:
    """Whether mmrecon itself made a Fineract transaction: such a one is no link's target."""
    query = select(POSTING.c.posting_id).where(
        POSTING.c.transaction_id == transaction_id, POSTING.c.account_kind == account_kind
    )
    return connection.execute(query.limit(1)).first() is not None


def check_source(
    connection: Connection, source: str, *, line_id: int | None = None, item_id: int | None = None
) -> Excess | None:
    """The first limit that a source breaks as the store stands now; None when all hold."""
    for what, table, name, purposes, identity in (
        ("line", LINE, "line_id", _OF_LINE, line_id),
        ("item", ITEM, "item_id", _OF_ITEM, item_id),
    ):
        if identity is None:
            continue
        left = _left(connection, table, name, purposes, [identity])
        if len(left) and left.iloc[0] < 0:
            amount_minor = _amounts(connection, table, name, [identity])[identity]
            return Excess(what, amount_minor, amount_minor - int(left.iloc[0]))
    parked_left = left_to_allocate(connection, source)
    return Excess("park", 0, -parked_left) if parked_left < 0 else None


def _left(
    connection: Connection,
    table: Table,
    name: str,
    purposes: tuple[Purpose, ...],
    wanted: Sequence[int] | None,
) -> pd.Series:
    amounts = pd.Series(_amounts(connection, table, name, wanted), dtype="int64")
    if wanted is not None:
        amounts = amounts[amounts.index.isin(list(wanted))]
    postings = _sums(connection, POSTING.c[name], POSTING.c.amount_minor, wanted, _live(), purposes)
    links = _sums(
        connection, LINK.c[name], LINK.c.amount_minor, wanted, LINK.c.withdrawn.is_(False)
    )
    for occupied in (postings, links):
        taken = pd.Series(occupied, dtype="int64").reindex(amounts.index, fill_value=0)
        amounts = amounts - taken
    return amounts.rename_axis(name).rename("left_minor")


def _amounts(
    connection: Connection, table: Table, name: str, wanted: Sequence[int] | None
) -> dict[int, int]:
    query = select(table.c[name], table.c.amount_minor)
    return {row[0]: row[1] for row in connection.execute(_only(query, table.c[name], wanted))}


def _sums(
    connection: Connection,
    column: Column[Any],
    amount: Column[Any],
    wanted: Sequence[int] | None,
    live: ColumnElement[bool],
    purposes: tuple[Purpose, ...] = (),
) -> Mapping[int, int]:
    query = select(column, func.sum(amount)).where(column.is_not(None), live).group_by(column)
    if purposes:
        query = query.where(POSTING.c.purpose.in_([purpose.value for purpose in purposes]))
    return {row[0]: int(row[1]) for row in connection.execute(_only(query, column, wanted))}


def _only(query: Any, column: Column[Any], wanted: Sequence[int] | None) -> Any:
    if wanted is None or len(wanted) > _FEW:
        return query
    return query.where(column.in_(list(wanted)))


def _live() -> ColumnElement[bool]:
    return POSTING.c.state.not_in([state.value for state in DEAD_STATES])
