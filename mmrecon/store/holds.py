"""Lines that wait by decision: until a date, or in suspense."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from mmrecon.store.schema import HOLD, LINE


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A decision that still holds; `kind` is `hold` (with `until`) or `suspense`."""

    line_id: int
    kind: str
    until: str
    reason: str


def open_holds(connection: Connection) -> list[OpenHold]:
    """All that hold, in the order they were decided."""
    query = (
        select(HOLD.c.line_id, HOLD.c.kind, HOLD.c.until, HOLD.c.reason)
        .where(HOLD.c.ended.is_(False))
        .order_by(HOLD.c.hold_id)
    )
    return [OpenHold(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class HeldMoney:
    """Lines of one wallet that are back in the workbook on one day (ISO)."""

    until: str
    wallet_id: int
    currency: str
    lines: int
    amount_minor: int


def held_money(connection: Connection) -> list[HeldMoney]:
    """What is held until a day, soonest first."""
    key = (HOLD.c.until, LINE.c.wallet_id, LINE.c.currency)
    query = (
        select(*key, func.count(), func.sum(LINE.c.amount_minor))
        .join(LINE, LINE.c.line_id == HOLD.c.line_id)
        .where(HOLD.c.kind == "hold", HOLD.c.ended.is_(False))
        .group_by(*key)
        .order_by(*key)
    )
    return [
        HeldMoney(row[0], row[1], row[2], row[3], int(row[4])) for row in connection.execute(query)
    ]


def end_due(connection: Connection, today: str) -> int:
    """End what was held until this day (ISO) or an earlier one; gives how many ended."""
    due = (
        update(HOLD)
        .where(HOLD.c.kind == "hold", HOLD.c.until <= today, HOLD.c.ended.is_(False))
        .values(ended=True)
    )
    return connection.execute(due).rowcount
