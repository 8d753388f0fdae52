"""Lines that a store believes to be unposted, to be compared with what Fineract shows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from mmrecon.store.occupied import left_of_lines
from mmrecon.store.schema import LINE


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line with money left that nothing occupies."""

    line_id: int
    receipt: str
    sign: int
    amount_minor: int


def open_lines(connection: Connection, wallet_id: int, first_day: str) -> list[OpenLine]:
    """Lines of a wallet since a day whose money is not wholly occupied."""
    names = ("line_id", "receipt", "sign", "amount_minor")
    query = select(*(LINE.c[name] for name in names)).where(
        LINE.c.wallet_id == wallet_id, LINE.c.value_date >= first_day, LINE.c.receipt != ""
    )
    rows = connection.execute(query).all()
    left = left_of_lines(connection, [row.line_id for row in rows]).to_dict()
    return [OpenLine(*row) for row in rows if left.get(row.line_id, 0) > 0]
