"""What a reversal takes back: the line of the linked receipt, and where its money was posted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
from sqlalchemy import Connection, and_, case, select

from mmrecon.model.line import LineClass
from mmrecon.model.posting import DEAD_STATES
from mmrecon.model.proposal import OriginalFrame
from mmrecon.store.schema import LINE, POSTING
from mmrecon.store.statements import frame_of

_CHUNK: Final = 500
_MONEY: Final = (LineClass.COLLECTION.value, LineClass.PAYOUT.value)


def originals(connection: Connection, line_ids: Sequence[int]) -> pd.DataFrame:
    """An OriginalFrame: one row per reversal line and live posting of what it takes back."""
    reversal = LINE.alias("reversal")
    linked = case(
        (reversal.c.linked_receipt == "", reversal.c.receipt), else_=reversal.c.linked_receipt
    )
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
                LINE.c.receipt == linked,
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
        .where(reversal.c.line_class == LineClass.REVERSAL.value)
        .order_by(reversal.c.line_id, POSTING.c.leg)
    )  # fmt: skip
    rows = [
        tuple(row)
        for start in range(0, len(line_ids), _CHUNK)
        for row in connection.execute(
            query.where(reversal.c.line_id.in_(line_ids[start : start + _CHUNK]))
        )
    ]
    return frame_of(OriginalFrame, rows)
