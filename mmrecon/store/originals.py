"""What a reversal takes back: the line of a receipt, and where its money was posted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, and_, select

from mmrecon.model.line import LineClass
from mmrecon.model.posting import DEAD_STATES
from mmrecon.model.proposal import OriginalFrame
from mmrecon.store.schema import LINE, POSTING
from mmrecon.store.statements import frame_of

_CHUNK: Final = 500
_MONEY: Final = (LineClass.COLLECTION.value, LineClass.PAYOUT.value)


def originals(connection: Connection, receipts: Mapping[int, Collection[str]]) -> pd.DataFrame:
    """An OriginalFrame: one row per reversal and live posting of what it takes back.

    `receipts` say by line id of the reversal which receipts of the same wallet that may be.
    """
    reversal = LINE.alias("reversal")
    query = (
        select(
            reversal.c.line_id, LINE.c.receipt, LINE.c.value_date, LINE.c.amount_minor,
            LINE.c.currency, POSTING.c.state, POSTING.c.account_kind, POSTING.c.account_id,
            POSTING.c.account_no, POSTING.c.transaction_id,
        )
        .join(
            LINE,
            and_(
                LINE.c.wallet_id == reversal.c.wallet_id,
                LINE.c.line_id != reversal.c.line_id,
                LINE.c.line_class.in_(_MONEY),
            ),
        )
        .outerjoin(
            POSTING,
            and_(
                POSTING.c.line_id == LINE.c.line_id,
                POSTING.c.state.not_in([state.value for state in DEAD_STATES]),
            ),
        )
        .order_by(reversal.c.line_id, POSTING.c.leg)
    )  # fmt: skip
    line_ids = list(receipts)
    rows: list[Any] = []
    for start in range(0, len(line_ids), _CHUNK):
        chunk = line_ids[start : start + _CHUNK]
        named = {receipt for line_id in chunk for receipt in receipts[line_id]}
        wanted = query.where(reversal.c.line_id.in_(chunk), LINE.c.receipt.in_(named))
        rows += [row for row in connection.execute(wanted) if row.receipt in receipts[row[0]]]
    return frame_of(OriginalFrame, rows)
