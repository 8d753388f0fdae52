"""What Fineract's answers to reads mean: accounts, transactions, permissions (no network)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from mmrecon.fineract.contract import (
    JsonObject,
    as_date,
    as_decimal,
    as_integer,
    as_object,
    as_text,
    peek,
)

ACTIVE: Final = 300
APPROVED: Final = 200

_DEPOSIT_TYPES: Final = frozenset({1})
_WITHDRAWAL_TYPES: Final = frozenset({2})
_DISBURSEMENT_TYPES: Final = frozenset({1})
_REPAYMENT_TYPES: Final = frozenset({2, 5, 8, 21, 22, 23, 28})
_RECEIPT_FIELDS: Final = (
    "receiptNumber",
    "accountNumber",
    "checkNumber",
    "routingCode",
    "bankNumber",
)
_BLOCKS: Final = {400: "block", 500: "block_credit", 600: "block_debit"}


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account as Fineract shows it now; amounts in minor units, rounded down."""

    account_kind: str
    account_id: int
    account_no: str
    client_id: int | None
    status: int
    block: str
    currency: str
    digits: int
    multiple: int
    available_minor: int
    outstanding_minor: int
    principal_minor: int
    opened_on: date | None = None
    office_id: int | None = None
    product_id: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of Fineract that is not reversed.

    `sign` is 1 for money into the wallet (deposit, repayment) and -1 for money out of it;
    `receipts` are the payment details, normalised; the payment type is known from the journal and
    the report only, `notes` also where an account's own read tells one.
    """

    account_kind: str
    account_id: int
    transaction_id: str
    sign: int
    amount_minor: int
    day: date
    receipts: frozenset[str] = frozenset()
    receipt: str = ""
    external_id: str = ""
    reversed: bool = False
    notes: frozenset[str] = frozenset()
    payment_type_id: int = 0


def normalised_receipt(text: str) -> str:
    """One spelling for comparing: letters and digits only, in capitals (mariadb.md 7)."""
    capitals = text.upper()
    if capitals.isascii() and capitals.isalnum():
        return capitals
    return "".join(letter for letter in capitals if letter.isascii() and letter.isalnum())


def minor_of(value: object, digits: int) -> int:
    """Minor units of a JSON amount, rounded down; 0 when it is not there."""
    amount = as_decimal(value)
    return 0 if amount is None else int(amount.scaleb(digits).to_integral_value("ROUND_FLOOR"))


def exact_minor(value: object, digits: int) -> int:
    """Minor units of a JSON amount of a transaction; -1 when it has a fraction of one."""
    scaled = (as_decimal(value) or Decimal(0)).scaleb(digits)
    return int(scaled) if scaled == scaled.to_integral_value() else -1


def understand_account(account_kind: str, body: JsonObject) -> AccountFacts | None:
    """An account from its own read; None when the body is none (fineract-api.md 4.3, 5.1)."""
    account_id = as_integer(body.get("id"))
    if account_id is None:
        return None
    currency = peek(body.get("currency"))
    digits = as_integer(currency.get("decimalPlaces")) or 0
    summary = peek(body.get("summary"))
    sub_status = as_integer(peek(body.get("subStatus")).get("id")) or 0
    return AccountFacts(
        account_kind=account_kind,
        account_id=account_id,
        account_no=as_text(body.get("accountNo")),
        client_id=as_integer(body.get("clientId")),
        status=as_integer(peek(body.get("status")).get("id")) or 0,
        block=_BLOCKS.get(sub_status, "") if account_kind == "savings" else "",
        currency=as_text(currency.get("code")),
        digits=digits,
        multiple=as_integer(currency.get("inMultiplesOf")) or 0,
        available_minor=minor_of(summary.get("availableBalance"), digits),
        outstanding_minor=minor_of(summary.get("totalOutstanding"), digits),
        principal_minor=minor_of(body.get("approvedPrincipal"), digits),
        opened_on=_opened_on(account_kind, peek(body.get("timeline"))),
        office_id=as_integer(body.get("clientOfficeId")),
        product_id=as_integer(body.get("loanProductId") or body.get("savingsProductId")),
    )


def _opened_on(account_kind: str, timeline: JsonObject) -> date | None:
    """From when on it takes money: activated, disbursed, or approved for a disbursement."""
    names = (
        ("activatedOnDate",)
        if account_kind == "savings"
        else ("actualDisbursementDate", "approvedOnDate")
    )
    days = (as_date(timeline.get(name)) for name in names)
    return next((day for day in days if day is not None), None)


def understand_transactions(
    account_kind: str, account_id: int, transactions: object, digits: int
) -> list[Transaction]:
    """Payments in and out of one account; reversal counter-rows and accruals are left out."""
    rows = transactions if isinstance(transactions, list) else []
    found = [_transaction(account_kind, account_id, peek(row), digits) for row in rows]
    return [transaction for transaction in found if transaction is not None]


def understand_transaction(
    account_kind: str, account_id: int, body: JsonObject, digits: int
) -> Transaction | None:
    """One transaction from its own read; None when it is no payment."""
    return _transaction(account_kind, account_id, body, digits)


def understand_journal(rows: Iterable[JsonObject], digits: int) -> list[Transaction]:
    """Transactions from journal rows of the wallet's GL accounts, net of their mirrors (9, 12a).

    Rows are netted per transaction id; what nets to nothing was undone. Debits of the wallet are
    money in.
    """
    by_id: dict[int, JsonObject] = {}
    notes: dict[str, set[str]] = {}
    for row in rows:
        number = as_integer(row.get("id"))
        if number is not None:
            by_id[number] = row
        notes.setdefault(as_text(row.get("transactionId")), set()).add(_note(row))
    groups: dict[str, list[JsonObject]] = {}
    for row in by_id.values():
        groups.setdefault(as_text(row.get("transactionId")), []).append(row)
    netted = (_netted(transaction_id, group, digits) for transaction_id, group in groups.items())
    return [
        replace(transaction, notes=frozenset(notes[transaction_id] - {""}))
        for transaction_id, transaction in zip(groups, netted, strict=True)
        if transaction is not None
    ]


def missing_permissions(granted: Sequence[str], needed: Iterable[str]) -> list[str]:
    """Which of the needed permissions a user lacks; super roles count (fineract-api.md 1.2)."""
    have = set(granted)
    if "ALL_FUNCTIONS" in have:
        return []
    if "ALL_FUNCTIONS_READ" in have:
        return sorted(need for need in set(needed) - have if not need.startswith("READ_"))
    return sorted(set(needed) - have)


def _transaction(
    account_kind: str, account_id: int, row: JsonObject, digits: int
) -> Transaction | None:
    kind = peek(row.get("transactionType") or row.get("type"))
    sign = payment_sign(account_kind, as_integer(kind.get("id")) or 0)
    number = as_integer(row.get("id"))
    day = as_date(row.get("date"))
    if sign == 0 or number is None or day is None or row.get("isReversal") is True:
        return None
    details = peek(row.get("paymentDetailData"))
    external_id = row.get("externalId")
    note = as_text(row.get("note"))
    return Transaction(
        account_kind=account_kind,
        account_id=account_id,
        transaction_id=str(number),
        sign=sign,
        amount_minor=exact_minor(row.get("amount"), digits),
        day=day,
        receipts=_receipts(details),
        receipt=as_text(details.get("receiptNumber")),
        external_id=as_text(external_id) or as_text(peek(external_id).get("value")),
        reversed=row.get("reversed") is True or row.get("manuallyReversed") is True,
        notes=frozenset({note} if note else ()),
    )


def payment_sign(account_kind: str, type_id: int) -> int:
    """1 for money into the wallet, -1 for money out of it, 0 for what is no payment."""
    if account_kind == "savings":
        return (type_id in _DEPOSIT_TYPES) - (type_id in _WITHDRAWAL_TYPES)
    return (type_id in _REPAYMENT_TYPES) - (type_id in _DISBURSEMENT_TYPES)


def _receipts(details: JsonObject) -> frozenset[str]:
    texts = [text for name in _RECEIPT_FIELDS if isinstance(text := details.get(name), str)]
    return frozenset([receipt for text in texts if text and (receipt := normalised_receipt(text))])


_ENTITY_KINDS: Final = {1: "loan", 2: "savings"}
_DEBIT: Final = 2


def _netted(transaction_id: str, rows: Sequence[JsonObject], digits: int) -> Transaction | None:
    first = rows[0]
    net_minor = sum(_signed_minor(row, digits) for row in rows)
    day = as_date(first.get("transactionDate"))
    if net_minor == 0 or day is None or any(row.get("reversed") is True for row in rows):
        return None
    kind = _ENTITY_KINDS.get(as_integer(as_object(first.get("entityType")).get("id")) or 0, "")
    receipts: frozenset[str] = frozenset()
    for row in rows:
        details = as_object(as_object(row.get("transactionDetails")).get("paymentDetails"))
        written = normalised_receipt(as_text(row.get("referenceNumber")))
        receipts |= _receipts(details) | ({written} if written else frozenset())
    return Transaction(
        account_kind=kind or "journal",
        account_id=as_integer(first.get("entityId")) or 0,
        transaction_id=transaction_id[1:] if kind else transaction_id,
        sign=1 if net_minor > 0 else -1,
        amount_minor=abs(net_minor),
        day=day,
        receipts=receipts,
        receipt=next(filter(None, map(_written, rows)), ""),
        payment_type_id=_payment_type(first),
    )


def _written(row: JsonObject) -> str:
    """The receipt number, or the reference of an entry made by hand, as it was typed."""
    details = as_object(as_object(row.get("transactionDetails")).get("paymentDetails"))
    return as_text(details.get("receiptNumber")) or as_text(row.get("referenceNumber"))


def _note(row: JsonObject) -> str:
    """A transaction with several notes has its row once for each."""
    details = as_object(row.get("transactionDetails"))
    return as_text(as_object(details.get("noteData")).get("note"))


def _payment_type(row: JsonObject) -> int:
    details = as_object(as_object(row.get("transactionDetails")).get("paymentDetails"))
    return as_integer(as_object(details.get("paymentType")).get("id")) or 0


def _signed_minor(row: JsonObject, digits: int) -> int:
    entry = as_integer(as_object(row.get("entryType")).get("id"))
    amount_minor = exact_minor(row.get("amount"), digits)
    return amount_minor if entry == _DEBIT else -amount_minor
