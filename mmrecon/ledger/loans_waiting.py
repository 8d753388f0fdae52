"""Approved loans become items: payouts that are asked for (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmrecon.model.item import ItemKind
from mmrecon.model.keys import loan_source

FIRST_TRANCHE = 1


@dataclass(frozen=True, slots=True)
class LoanItems:
    """What a snapshot does to the items of approved loans."""

    new: tuple[Mapping[str, Any], ...]
    changed: tuple[Mapping[str, Any], ...]


def loan_items(clients: pd.DataFrame, accounts: pd.DataFrame, known: pd.DataFrame) -> LoanItems:
    """Items to add and to change so that they say what the snapshot says.

    A loan that waits is `open` with its present facts; the reference a payout may echo is its
    account number. One that no longer waits is `gone`, or `settled` when something was paid on
    it. What has a live posting is never changed.
    """
    waiting = _waiting(clients, accounts)
    mine = known[known["kind"] == ItemKind.APPROVED_LOAN.value]
    by_key = {str(row["item_key"]): row for row in mine.to_dict("records")}
    new = tuple(facts for key, facts in waiting.items() if key not in by_key)
    changed = []
    for key, row in sorted(by_key.items()):
        touched = row["left_minor"] < row["amount_minor"]
        if key in waiting:
            if not touched and _differs(row, waiting[key]):
                changed.append({**waiting[key], "item_id": row["item_id"], "state": "open"})
        elif row["state"] == "open":
            state = "settled" if touched else "gone"
            changed.append({"item_id": row["item_id"], "state": state})
    return LoanItems(new, tuple(changed))


def _differs(row: Mapping[Any, Any], facts: Mapping[str, Any]) -> bool:
    if row["state"] != "open":
        return True
    return any(
        (None if pd.isna(row[name]) else row[name]) != value
        for name, value in facts.items()
        if name in row
    )


def _waiting(clients: pd.DataFrame, accounts: pd.DataFrame) -> dict[str, dict[str, Any]]:
    loans = accounts[
        (accounts["account_kind"] == "loan")
        & (accounts["account_status"] == "approved")
        & accounts["approved_principal_minor"].notna()
        & (accounts["approved_principal_minor"] > 0).fillna(value=False)
    ]
    phones = clients.set_index("client_id")["mobile_no"]
    waiting = {}
    for loan in loans.to_dict("records"):
        client_id = None if pd.isna(loan["client_id"]) else int(loan["client_id"])
        principal_minor = int(loan["approved_principal_minor"])
        net_minor = loan["net_disbursal_minor"]
        paid_minor = principal_minor if pd.isna(net_minor) else int(net_minor)
        key = loan_source(int(loan["account_id"]), FIRST_TRANCHE)
        waiting[key] = {
            "item_key": key,
            "kind": ItemKind.APPROVED_LOAN.value,
            "request_id": loan["account_no"],
            "client_id": client_id,
            "account_kind": "loan",
            "account_id": int(loan["account_id"]),
            "account_no": loan["account_no"],
            "phone": str(phones.get(client_id, "")) if client_id is not None else "",
            "amount_minor": paid_minor if paid_minor > 0 else principal_minor,
            "posted_minor": principal_minor,
            "currency": loan["currency"],
            "requested_on": "",
        }
    return waiting
