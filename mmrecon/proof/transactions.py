"""Fineract's own transactions of a wallet, from its replies; no network here.

Journal rows are netted per transaction, because an undo adds mirror rows under the same id with
the original date and marks nothing reversed (fineract-api.md 9). Rows are told once by their id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import pandas as pd

from mmrecon.fineract.contract import as_date, as_decimal, as_integer, as_list, as_object, as_text
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.model.account import AccountKind
from mmrecon.model.money import digits_of, to_minor
from mmrecon.model.proof import TransactionFrame

JOURNAL: Final = "journal"
"""`account_kind` of an entry made by hand."""

_DEBIT: Final = 2
_KINDS: Final = {"S": AccountKind.SAVINGS.value, "L": AccountKind.LOAN.value}
_LOAN_IN: Final = ("repayment", "recoveryRepayment", "downPayment", "repaymentAtDisbursement")


@dataclass(frozen=True, slots=True)
class Row:
    """One journal row on the wallet's account, or one transaction of an account."""

    row_id: int
    account_kind: str
    transaction_id: str
    account_id: int | None
    receipt: str
    value_date: str
    signed_minor: int


def journal_parameters(gl_account_id: int, first: str, last: str) -> dict[str, str | int]:
    """What `GET /journalentries` is asked for one GL account and a range of value dates."""
    return {
        "glAccountId": gl_account_id, "fromDate": first, "toDate": last, "dateFormat": "yyyy-MM-dd",
        "locale": "en", "transactionDetails": "true", "orderBy": "id", "sortOrder": "ASC",
    }  # fmt: skip


def journal_rows(
    page: Iterable[Mapping[str, object]], payment_type_id: int, currency: str
) -> list[Row]:
    """Rows of a page of journal entries that carry the payment type, and all made by hand."""
    rows = []
    for item in page:
        kind, transaction_id = _named(as_text(item.get("transactionId")))
        details = as_object(as_object(item.get("transactionDetails")).get("paymentDetails"))
        if kind != JOURNAL and _payment_type(details) != payment_type_id:
            continue
        minor = _minor(item.get("amount"), currency)
        moment = as_date(item.get("transactionDate"))
        row_id = as_integer(item.get("id"))
        if minor is None or moment is None or row_id is None:
            continue
        sign = 1 if as_object(item.get("entryType")).get("id") == _DEBIT else -1
        receipt = as_text(details.get("receiptNumber")) or as_text(item.get("referenceNumber"))
        account_id = as_integer(item.get("entityId"))
        rows.append(
            Row(row_id, kind, transaction_id, account_id, receipt, str(moment), sign * minor)
        )
    return rows


def savings_rows(answer: object, account_id: int, payment_type_id: int, currency: str) -> list[Row]:
    """Deposits and withdrawals of `GET …/transactions/search` under the payment type."""
    rows = []
    for item in as_list(as_object(answer).get("content")):
        kind = as_object(item.get("transactionType"))
        sign = 1 if kind.get("deposit") is True else -1 if kind.get("withdrawal") is True else 0
        undone = item.get("reversed") is True or item.get("isReversal") is True
        row = _of_account(item, AccountKind.SAVINGS.value, account_id, sign, currency)
        if row is not None and not undone and _pays_by(item, payment_type_id):
            rows.append(row)
    return rows


def loan_rows(answer: object, account_id: int, payment_type_id: int, currency: str) -> list[Row]:
    """Repayments and disbursements of `GET /loans/{id}?associations=transactions`."""
    rows = []
    for item in as_list(as_object(answer).get("transactions")):
        kind = as_object(item.get("type"))
        paid_in = any(kind.get(name) is True for name in _LOAN_IN)
        sign = 1 if paid_in else -1 if kind.get("disbursement") is True else 0
        row = _of_account(item, AccountKind.LOAN.value, account_id, sign, currency)
        undone = item.get("manuallyReversed") is True
        if row is not None and not undone and _pays_by(item, payment_type_id):
            rows.append(row)
    return rows


def payment_row(payment: Transaction) -> Row:
    """One payment of the transactions report."""
    return Row(
        int(payment.transaction_id),
        payment.account_kind,
        payment.transaction_id,
        payment.account_id,
        payment.receipt,
        payment.day.isoformat(),
        payment.sign * payment.amount_minor,
    )


def net(rows: Iterable[Row]) -> pd.DataFrame:
    """A TransactionFrame: rows told once, netted per transaction, undone ones left out."""
    frame = pd.DataFrame([_fields(row) for row in rows], columns=_COLUMNS)
    if frame.empty:
        return TransactionFrame.empty()
    frame = frame.astype({"account_id": "Int64"}).drop_duplicates(["account_kind", "row_id"])
    netted = frame.groupby(["account_kind", "transaction_id"], sort=False, as_index=False).agg(
        account_id=("account_id", "first"),
        receipt=("receipt", "first"),
        value_date=("value_date", "first"),
        signed_minor=("signed_minor", "sum"),
    )
    standing = netted[netted["signed_minor"] != 0]
    return TransactionFrame.build(
        {name: standing[name].reset_index(drop=True) for name in TransactionFrame.columns()}
    )


_COLUMNS: Final = [
    "row_id", "account_kind", "transaction_id", "account_id", "receipt", "value_date",
    "signed_minor",
]  # fmt: skip


def _fields(row: Row) -> tuple[object, ...]:
    return (
        row.row_id, row.account_kind, row.transaction_id, row.account_id, row.receipt,
        row.value_date, row.signed_minor,
    )  # fmt: skip


def _named(transaction_id: str) -> tuple[str, str]:
    """`S650` is savings 650, `L443` loan 443; anything else an entry made by hand."""
    letter, number = transaction_id[:1], transaction_id[1:]
    if letter in _KINDS and number.isascii() and number.isdigit():
        return _KINDS[letter], number
    return JOURNAL, transaction_id


def _payment_type(details: Mapping[str, object]) -> int | None:
    return as_integer(as_object(details.get("paymentType")).get("id"))


def _pays_by(item: Mapping[str, object], payment_type_id: int) -> bool:
    return _payment_type(as_object(item.get("paymentDetailData"))) == payment_type_id


def _minor(value: object, currency: str) -> int | None:
    """Minor units; what has more digits than the currency is rounded as Fineract does (1.4)."""
    amount = as_decimal(value)
    if amount is None:
        return None
    digits = Decimal(1).scaleb(-digits_of(currency))
    return to_minor(amount.quantize(digits, ROUND_HALF_EVEN), currency)


def _of_account(
    item: Mapping[str, object], kind: str, account_id: int, sign: int, currency: str
) -> Row | None:
    minor, moment = _minor(item.get("amount"), currency), as_date(item.get("date"))
    transaction_id = as_integer(item.get("id"))
    if not sign or minor is None or moment is None or transaction_id is None:
        return None
    receipt = as_text(as_object(item.get("paymentDetailData")).get("receiptNumber"))
    return Row(
        transaction_id, kind, str(transaction_id), account_id, receipt, str(moment), sign * minor
    )
