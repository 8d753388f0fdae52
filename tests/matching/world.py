"""A small institution for cases, and lines and contexts from a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from mmrecon.config import MatchingPolicy
from mmrecon.matching.context import MatchContext, WalletFacts
from mmrecon.matching.match import match_lines
from mmrecon.model.account import AccountFrame, ClientFrame, LedgerSnapshot
from mmrecon.model.item import ItemFrame
from mmrecon.model.line import LineFrame
from mmrecon.model.match_texts import with_texts

NOON_UTC_S = 1_769_850_000
"""2026-01-31 09:00 UTC."""


def snapshot(
    clients: Sequence[Mapping[str, Any]],
    accounts: Sequence[Mapping[str, Any]],
    taken_at_utc: str = "2026-02-01T00:00:00+00:00",
) -> LedgerSnapshot:
    """A snapshot from client and account rows; what is left out gets an ordinary value."""
    people = [{"client_status": "active", **client} for client in clients]
    made = []
    for account in accounts:
        loan = account.get("account_kind") == "loan"
        usual: dict[str, Any] = {
            "account_kind": "savings", "account_status": "active", "currency": "KES",
            "product_code": "LN" if loan else "SAV",
        }  # fmt: skip
        if loan:
            usual |= {"outstanding_minor": 10_000_000, "overdue_minor": 0, "due_now_minor": 0}
        else:
            usual |= {"balance_minor": 10_000_000}
        made.append(usual | dict(account))
    return LedgerSnapshot(
        1, taken_at_utc, "file", "", ClientFrame.build(pd.DataFrame(people)),
        AccountFrame.build(pd.DataFrame(made)),
    )  # fmt: skip


def lines(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A LineFrame; collections of KES 1,000.00 at noon unless a row says otherwise."""
    made = []
    for number, row in enumerate(rows, 1):
        usual: dict[str, Any] = {
            "line_id": number, "wallet_id": 1, "receipt": f"UAV{number:07d}",
            "line_class": "collection", "sign": 1, "amount_minor": 100_000, "currency": "KES",
            "n": 1, "repeats": 1, "completed_at_utc_s": NOON_UTC_S, "value_date": "2026-01-31",
            "has_seconds": True, "party_kind": "none", "conflict": False, "known_elsewhere": False,
        }  # fmt: skip
        made.append(usual | dict(row))
    return LineFrame.build(pd.DataFrame(made))


def items(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """An ItemFrame of open withdrawal requests unless a row says otherwise."""
    made = []
    for number, row in enumerate(rows, 1):
        usual: dict[str, Any] = {
            "item_id": number, "item_key": f"item {number}", "kind": "withdrawal_request",
            "account_kind": "savings", "amount_minor": 100_000, "currency": "KES",
            "requested_on": "2026-01-30", "state": "open",
        }  # fmt: skip
        item = usual | dict(row)
        item.setdefault("posted_minor", item["amount_minor"])
        item.setdefault("left_minor", item["amount_minor"])
        made.append(item)
    return ItemFrame.build(pd.DataFrame(made)) if made else ItemFrame.empty()


def context(ledger: LedgerSnapshot, **more: Any) -> MatchContext:
    """A context of one Kenyan wallet; `policy` and `country` may be given."""
    policy = more.pop("policy", MatchingPolicy())
    country, currency = more.pop("country", "KE"), more.pop("currency", "KES")
    live_from = more.pop("live_from", date(2020, 1, 1))
    wallet = WalletFacts(
        "paybill", "990501", country, currency, "Africa/Nairobi", live_from, policy
    )
    now_utc = more.pop("now_utc", datetime(2026, 2, 1, 3, tzinfo=UTC))
    return MatchContext(ledger, {1: wallet}, now_utc, **more)


def play(case: Mapping[str, Any]) -> pd.DataFrame:
    """The matches of a case from a TOML file, by line in order."""
    ledger = snapshot(
        case["clients"], case["accounts"], case.get("taken_at_utc", "2026-02-01T00:00:00+00:00")
    )
    more: dict[str, Any] = {"policy": MatchingPolicy.model_validate(case.get("policy", {}))}
    if "live_from" in case:
        more["live_from"] = date.fromisoformat(case["live_from"])
    more |= {name: case[name] for name in ("country", "currency") if name in case}
    if "items" in case:
        more["items"] = items(case["items"])
    if "others" in case:
        numbered = [{"line_id": 900 + at, **row} for at, row in enumerate(case["others"])]
        more["others"] = lines(numbered)
    if "left_minor" in case:
        more["left_minor"] = pd.Series(
            {int(line): left for line, left in case["left_minor"].items()}, dtype="int64"
        )
    return with_texts(match_lines(lines(case["lines"]), context(ledger, **more)))
