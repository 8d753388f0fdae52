"""Stored lines of a period that a later file of the same layout does not show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, select

from mmrecon.model.line import LineFrame
from mmrecon.store.bulk import chunks, read_columns
from mmrecon.store.schema import LINE, STATEMENT
from mmrecon.store.statements import frame_of


def line_ids_not_shown(
    connection: Connection,
    wallet_id: int,
    layout: str,
    period_utc_s: tuple[int, int],
    shown: npt.NDArray[np.int64],
) -> list[int]:
    """Ids of lines first seen in a statement of this layout, inside a period, but those `shown`.

    Only what a wallet's index of days gives is read.
    """
    begins, ends = period_utc_s
    query = (
        select(LINE.c.line_id, LINE.c.completed_at_utc_s)
        .join(STATEMENT, STATEMENT.c.statement_id == LINE.c.first_statement_id)
        .where(
            LINE.c.wallet_id == wallet_id,
            LINE.c.value_date.between(_day(begins, -1), _day(ends, 1)),
            STATEMENT.c.layout == layout,
            LINE.c.completed_at_utc_s.between(begins, ends),
        )
    )
    found = read_columns(connection, query, {"line_id": "int64", "completed_at_utc_s": "int64"})
    gone: list[int] = np.setdiff1d(np.asarray(found["line_id"], np.int64), shown).tolist()
    return gone


def lines_by_id(connection: Connection, line_ids: Sequence[int]) -> pd.DataFrame:
    """Lines in order of their ids, as a LineFrame."""
    names = LineFrame.columns()
    rows = [
        row
        for part in chunks(line_ids)
        for row in connection.execute(
            select(*(LINE.c[name] for name in names))
            .where(LINE.c.line_id.in_(part))
            .order_by(LINE.c.line_id)
        )
    ]
    return frame_of(LineFrame, rows)


def _day(utc_s: int, days: int) -> str:
    return str((datetime.fromtimestamp(utc_s, UTC) + timedelta(days=days)).date())
