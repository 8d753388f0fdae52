"""The source keys of stored lines: what a signed row's own facts must agree with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from mmrecon.model.keys import line_source
from mmrecon.store.schema import LINE, WALLET

_CHUNK: Final = 500


def line_sources(connection: Connection, line_ids: Sequence[int]) -> dict[int, str]:
    """Source key by line id; ids that the store does not know are left out."""
    names = ("line_id", "sub_account", "receipt", "sign", "amount_minor", "n", "generation")
    query = select(WALLET.c.provider, WALLET.c.account, *(LINE.c[name] for name in names)).join(
        WALLET, WALLET.c.wallet_id == LINE.c.wallet_id
    )
    chunks = (line_ids[start : start + _CHUNK] for start in range(0, len(line_ids), _CHUNK))
    return {
        row.line_id: line_source(
            row.provider, row.account, row.sub_account, row.receipt, row.sign, row.amount_minor,
            row.n, row.generation,
        )
        for chunk in chunks
        for row in connection.execute(query.where(LINE.c.line_id.in_(chunk)))
    }  # fmt: skip
