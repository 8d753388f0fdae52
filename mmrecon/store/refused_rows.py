"""Rows of standing statements that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from mmrecon.store.schema import REFUSED_ROW, STATEMENT, WALLET


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    """A refused row and its file; money in minor units, None on a side that shows none."""

    file: str
    row: int
    code: str
    receipt: str
    field: str
    expected: str
    in_minor: int | None
    out_minor: int | None
    currency: str


def refused_rows(connection: Connection) -> Sequence[StoredRefusal]:
    """Every refused row of complete, current statements, the newest statement first."""
    query = (
        select(
            STATEMENT.c.delivered_name, REFUSED_ROW.c.row, REFUSED_ROW.c.code,
            REFUSED_ROW.c.receipt, REFUSED_ROW.c.field, REFUSED_ROW.c.expected,
            REFUSED_ROW.c.in_minor, REFUSED_ROW.c.out_minor, WALLET.c.currency,
        )
        .join(STATEMENT, STATEMENT.c.statement_id == REFUSED_ROW.c.statement_id)
        .join(WALLET, WALLET.c.wallet_id == STATEMENT.c.wallet_id)
        .where(STATEMENT.c.complete.is_(True), STATEMENT.c.current.is_(True))
        .order_by(REFUSED_ROW.c.statement_id.desc(), REFUSED_ROW.c.row)
    )  # fmt: skip
    return [StoredRefusal(*row) for row in connection.execute(query)]
