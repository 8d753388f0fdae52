"""A reversal's original in words: where its money is, and what that account has now."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mmrecon.model.money import to_text


def original_texts(originals: pd.DataFrame, accounts: pd.DataFrame) -> pd.Series:
    """One text per reversal line id from an OriginalFrame and the AccountFrame of now."""
    kinds = ["account_kind", "account_id"]
    standing = accounts[[*kinds, "currency", "balance_minor", "outstanding_minor"]]
    standing = standing.astype({"account_id": "Int64"}).rename(
        columns={"currency": "account_currency"}
    )
    found = originals.merge(standing, on=kinds, how="left")
    words = [_words(row) for row in found.itertuples(index=False)]  # few: reversals are rare
    texts = pd.Series(words, index=found["line_id"], dtype="str")
    return texts.groupby(level=0).agg("\n".join).astype("str")


def _words(row: Any) -> str:
    original = f"{row.receipt} of {row.value_date}, {to_text(row.amount_minor, row.currency)}"
    if not row.state:
        return f"{original}: not posted"
    account = f"{row.account_kind}:{row.account_no}"
    transaction = f", transaction {row.transaction_id}" if row.transaction_id else ""
    told = f"{original}: {row.state.replace('_', ' ')} on {account}{transaction}"
    for label, minor in (("balance", row.balance_minor), ("outstanding", row.outstanding_minor)):
        if not pd.isna(minor):
            told += (
                f"; {label} {to_text(int(minor), row.account_currency)} at the last ledger refresh"
            )
    return told
