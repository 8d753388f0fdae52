"""The ledger as it is at the end: from the sandbox's own database, or through the API."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from mmrecon.sandbox.demo_api import SeedApi
from tests.campaign.institution import TELLER, Entry
from tests.campaign.work import Account

Key = tuple[str, int]
_PAYMENTS: Final = (1, 2)


@dataclass(frozen=True)
class Ledger:
    """Every payment of some accounts, and what the server says is on each."""

    entries: Sequence[Entry]
    balances: dict[Key, int]
    """Savings: the balance; loans that run: what is outstanding."""


def from_database(folder: Path, accounts: Iterable[Account]) -> Ledger:
    """What stands in the sandbox's tables."""
    wanted = {(one.kind, one.account_id) for one in accounts}
    with closing(sqlite3.connect(f"file:{folder / 'fineract.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        found = [_from_row(row) for row in connection.execute(_ENTRIES)]
        balances = {
            (str(row["kind"]), int(row["id"])): int(row["minor"])
            for row in connection.execute(_BALANCES)
        }
    return Ledger(
        [one for one in found if (one.kind, one.account_id) in wanted],
        {key: minor for key, minor in balances.items() if key in wanted},
    )


def from_api(api: SeedApi, accounts: Sequence[Account]) -> Ledger:
    """What the API shows of every account."""
    with ThreadPoolExecutor(2) as pool:
        bodies = list(pool.map(lambda one: _read(api, one), accounts))
    entries = [
        entry for one, body in zip(accounts, bodies, strict=True) for entry in _of(one, body)
    ]
    balances = {
        (one.kind, one.account_id): minor
        for one, body in zip(accounts, bodies, strict=True)
        if (minor := _balance(one, body)) is not None
    }
    return Ledger(entries, balances)


def _from_row(row: sqlite3.Row) -> Entry:
    return Entry(
        row["kind"], row["account_id"], row["id"], row["type_id"], row["minor"], row["day"],
        row["receipt"], row["bank_number"] == TELLER or not row["receipt"], bool(row["reversed"]),
    )  # fmt: skip


def _read(api: SeedApi, account: Account) -> dict[str, Any]:
    plural = "loans" if account.kind == "loan" else "savingsaccounts"
    return api.get(f"{plural}/{account.account_id}?associations=transactions")


def _of(account: Account, body: dict[str, Any]) -> Iterator[Entry]:
    for row in body.get("transactions") or ():
        kind = row.get("transactionType") or row["type"]
        if kind["id"] not in _PAYMENTS or row.get("isReversal"):
            continue
        details = row.get("paymentDetailData") or {}
        receipt = str(details.get("receiptNumber") or "")
        yield Entry(
            account.kind, account.account_id, int(row["id"]), int(kind["id"]),
            _minor(row["amount"]), date(*row["date"]).isoformat(), receipt,
            details.get("bankNumber") == TELLER or not receipt,
            bool(row.get("reversed") or row.get("manuallyReversed")),
        )  # fmt: skip


def _balance(account: Account, body: dict[str, Any]) -> int | None:
    summary = body.get("summary") or {}
    if account.kind == "savings":
        return _minor(summary["accountBalance"])
    return _minor(summary["totalOutstanding"]) if "totalOutstanding" in summary else None


def _minor(amount: Any) -> int:
    return int(Decimal(str(amount)).scaleb(2))


_ENTRIES: Final = """
select 'savings' kind, t.savings_account_id account_id, t.id, t.transaction_type_enum type_id,
  t.amount / 10000 minor, t.transaction_date day, coalesce(d.receipt_number, '') receipt,
  d.bank_number, t.is_reversed reversed
from m_savings_account_transaction t
left join m_payment_detail d on d.id = t.payment_detail_id
where t.transaction_type_enum in (1, 2) and not t.is_reversal
union all
select 'loan', t.loan_id, t.id, t.transaction_type_enum, t.amount / 10000, t.transaction_date,
  coalesce(d.receipt_number, ''), d.bank_number, t.is_reversed
from m_loan_transaction t
left join m_payment_detail d on d.id = t.payment_detail_id
where t.transaction_type_enum in (1, 2)
"""
_BALANCES: Final = """
select 'savings' kind, id, account_balance_derived / 10000 minor from m_savings_account
union all
select 'loan', id, principal_outstanding_derived / 10000 from m_loan where loan_status_id >= 300
"""
