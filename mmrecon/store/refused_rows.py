"""Rows of standing statements that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, func, select

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


@dataclass(frozen=True, slots=True)
class RefusedOfFile:
    """How many rows of a file were refused; money in minor units where it could be read."""

    file: str
    wallet_id: int
    currency: str
    rows: int
    in_minor: int
    out_minor: int
    rows_without_money: int


def refused_by_file(connection: Connection, *, since_utc: str) -> Sequence[RefusedOfFile]:
    """Complete, current statements read since then that have refused rows, the oldest first."""
    unread = and_(REFUSED_ROW.c.in_minor.is_(None), REFUSED_ROW.c.out_minor.is_(None))
    query = (
        select(
            STATEMENT.c.delivered_name, STATEMENT.c.wallet_id, WALLET.c.currency,
            func.count(),
            func.coalesce(func.sum(REFUSED_ROW.c.in_minor), 0),
            func.coalesce(func.sum(REFUSED_ROW.c.out_minor), 0),
            func.sum(case((unread, 1), else_=0)),
        )
        .select_from(REFUSED_ROW)
        .join(STATEMENT, STATEMENT.c.statement_id == REFUSED_ROW.c.statement_id)
        .join(WALLET, WALLET.c.wallet_id == STATEMENT.c.wallet_id)
        .where(
            STATEMENT.c.complete.is_(True),
            STATEMENT.c.current.is_(True),
            STATEMENT.c.read_at_utc >= since_utc,
        )
        .group_by(
            STATEMENT.c.statement_id, STATEMENT.c.delivered_name, STATEMENT.c.wallet_id,
            WALLET.c.currency,
        )
        .order_by(STATEMENT.c.statement_id)
    )  # fmt: skip
    return [
        RefusedOfFile(file, wallet_id, currency, rows, int(into), int(out), int(unread_rows))
        for file, wallet_id, currency, rows, into, out, unread_rows in connection.execute(query)
    ]
