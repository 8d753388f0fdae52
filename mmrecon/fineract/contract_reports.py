"""What rows of the transactions report mean (no network)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mmrecon.fineract.contract import as_date, as_integer, as_text
from mmrecon.fineract.contract_reads import (
    Transaction,
    exact_minor,
    normalised_receipt,
    payment_sign,
)
from mmrecon.fineract.report_sql import TRANSACTIONS

SAVINGS_PAYMENTS: Final = 1
LOAN_PAYMENTS: Final = 2
_KINDS: Final = {SAVINGS_PAYMENTS: "savings", LOAN_PAYMENTS: "loan"}
_RECEIPTS: Final = (
    "receipt_number", "account_number", "check_number", "routing_code", "bank_number",
)  # fmt: skip


def understand_payments(
    rows: Iterable[list[object]], currency: str, digits: int
) -> list[Transaction]:
    """Payments in one currency from rows of the transactions report; reversed ones are marked."""
    found = (
        _payment(dict(zip(TRANSACTIONS.columns, row, strict=True)), digits)
        for row in rows
        if row[_CURRENCY] == currency
    )
    return [payment for payment in found if payment is not None]


_CURRENCY: Final = TRANSACTIONS.columns.index("currency")


def _payment(row: dict[str, object], digits: int) -> Transaction | None:
    kind = _KINDS.get(as_integer(row["kind"]) or 0, "")
    number, day = as_integer(row["id"]), as_date(row["transaction_date"])
    sign = payment_sign(kind, as_integer(row["type"]) or 0)
    if not kind or number is None or day is None or sign == 0:
        return None
    details = (normalised_receipt(as_text(row[name])) for name in _RECEIPTS)
    note = as_text(row["note"])
    return Transaction(
        account_kind=kind,
        account_id=as_integer(row["account_id"]) or 0,
        transaction_id=str(number),
        sign=sign,
        amount_minor=exact_minor(row["amount"], digits),
        day=day,
        receipts=frozenset(text for text in details if text),
        receipt=as_text(row["receipt_number"]),
        external_id=as_text(row["external_id"]),
        reversed=as_integer(row["reversed"]) == 1,
        payment_type_id=as_integer(row["payment_type_id"]) or 0,
        notes=frozenset({note} if note else ()),
    )
