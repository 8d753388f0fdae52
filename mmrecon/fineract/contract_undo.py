"""Taking transactions back: requests, what the answers mean, an account's whole history.

No network here. Sources: fineract-api.md 4.2, 5.1, 5.2, 7, 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from mmrecon.fineract.contract import (
    BatchItem,
    BatchReply,
    JsonObject,
    Reply,
    as_date,
    as_integer,
    as_list,
    as_object,
    as_text,
    dump_json,
)
from mmrecon.fineract.contract_reads import (
    AccountFacts,
    Transaction,
    exact_minor,
    minor_of,
    understand_account,
    understand_transaction,
)
from mmrecon.fineract.contract_replies import (
    Heard,
    Meaning,
    understand_batch,
    understand_posting,
)
from mmrecon.fineract.contract_requests import FORMS
from mmrecon.model.posting import Command, Posting
from mmrecon.model.undo import ApprovedUndo

UNDO_PERMISSIONS: Final[dict[Command, str]] = {
    Command.SAVINGS_DEPOSIT: "UNDOTRANSACTION_SAVINGSACCOUNT",
    Command.SAVINGS_WITHDRAWAL: "UNDOTRANSACTION_SAVINGSACCOUNT",
    Command.LOAN_REPAYMENT: "ADJUST_LOAN",
    Command.LOAN_DISBURSEMENT: "DISBURSALUNDO_LOAN",
}
"""What a user needs to take each command's transaction back (fineract-api.md 2, pairs)."""

_ACCOUNT_FIELD: Final = {"savings": "savingsId", "loan": "loanId"}
_NOT_BALANCE: Final = frozenset({10, 20, 21})
"""Accruals, holds and releases: they move no balance (fineract-api.md 4.3)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction of an account, of any type, that is not reversed.

    `moved_minor` is what it did to a savings balance, 0 for loans; `payment` is what mmrecon could
    have made, None for anything else.
    """

    transaction_id: str
    type_id: int
    amount_minor: int
    moved_minor: int
    day: date
    payment: Transaction | None


@dataclass(frozen=True, slots=True)
class History:
    """An account as it is now, with everything that stands on it, oldest first.

    `reversed_payments` are payments that somebody took back; `floor_minor` is how low a savings
    balance may go, `overpaid_minor` what a loan was paid too much; `with_interest`: later
    repayments are replayed under new ids (fineract-api.md 3.2).
    """

    facts: AccountFacts
    entries: tuple[Entry, ...]
    reversed_payments: tuple[Transaction, ...]
    floor_minor: int
    overpaid_minor: int
    with_interest: bool


def is_batchable(posting: Posting) -> bool:
    """Whether Fineract takes its undo inside a batch (fineract-api.md 7)."""
    return posting.command is not Command.LOAN_DISBURSEMENT


def undo_address(posting: Posting, transaction_id: str) -> str:
    """Where a transaction is taken back, without the version."""
    if posting.command is Command.LOAN_DISBURSEMENT:
        return f"loans/{posting.account_id}?command=undodisbursal"
    plural = "loans" if posting.account_kind == "loan" else "savingsaccounts"
    return f"{plural}/{posting.account_id}/transactions/{transaction_id}?command=undo"


def undo_body(undo: ApprovedUndo) -> dict[str, object]:
    """The body; a loan's amount 0 reverses and replaces nothing (fineract-api.md 5.1)."""
    posting = undo.posting
    note = f"mmrecon {undo.batch_id}/{undo.row_number}"
    if posting.command is Command.LOAN_DISBURSEMENT:
        return {"note": note}
    if posting.account_kind == "savings":
        return {}
    return {
        "transactionDate": posting.value_date,
        "transactionAmount": 0,
        "reversalExternalId": undo.facts.external_id(),
        "note": note,
        **FORMS,
    }


def build_undo(undo: ApprovedUndo, transaction_id: str, request_id: int) -> BatchItem:
    """The batch item that takes one transaction back."""
    return BatchItem(
        request_id=request_id,
        method="POST",
        relative_url=f"v1/{undo_address(undo.posting, transaction_id)}",
        body=dump_json(undo_body(undo)),
        idempotency_key=undo.idempotency_key,
    )


def understand_undo(posting: Posting, reply: Reply) -> Heard:
    """What a reply says of one undo; Meaning.POSTED: Fineract says that it is taken back.

    A success names the account in its own field, and its `resourceId` is the savings account, the
    loan, or the same loan transaction (fineract-api.md 4.2, 5.1, 5.2).
    """
    if reply.status != 200:
        return understand_posting(posting, reply)
    body = as_object(reply.json())
    cached = reply.headers.get("x-served-from-cache", "").lower() == "true"
    if as_integer(body.get("resourceId")) is None:
        pending = as_integer(body.get("commandId")) is not None
        return Heard(Meaning.PENDING if pending else Meaning.UNKNOWN, 200, from_cache=cached)
    account_id = as_integer(body.get(_ACCOUNT_FIELD[posting.account_kind]))
    if account_id is None:
        return Heard(Meaning.UNKNOWN, 200, from_cache=cached)
    right = account_id == posting.account_id
    return Heard(Meaning.POSTED if right else Meaning.OTHER_ACCOUNT, 200, "", "", cached)


def understand_undo_batch(postings: Sequence[Posting], answer: BatchReply) -> list[Heard]:
    """What the answer to an enclosing batch of undos says of each."""
    replies = answer.by_request()
    numbers = range(1, len(postings) + 1)
    if all(n in replies and replies[n].status == 200 for n in numbers):
        return [understand_undo(one, replies[n]) for n, one in enumerate(postings, 1)]
    return understand_batch(postings, answer, enclosing=True)


def understand_history(account_kind: str, body: JsonObject) -> History | None:
    """An account with all its transactions; None when the body is none."""
    facts = understand_account(account_kind, body)
    if facts is None:
        return None
    rows = as_list(body.get("transactions"))
    standing = [row for row in rows if not _is_reversed(row)]
    taken_back = (_payment(facts, row) for row in rows if _is_reversed(row))
    entries = [_entry(facts, row) for row in standing]
    limit_minor = minor_of(body.get("overdraftLimit"), facts.digits)
    rate = body.get("interestRatePerPeriod") or body.get("annualInterestRate")
    return History(
        facts=facts,
        entries=tuple(sorted(entries, key=lambda one: (one.day, int(one.transaction_id)))),
        reversed_payments=tuple(one for one in taken_back if one is not None),
        floor_minor=-limit_minor if body.get("allowOverdraft") is True else 0,
        overpaid_minor=minor_of(body.get("totalOverpaid"), facts.digits),
        with_interest=account_kind == "loan" and bool(rate),
    )


def newest_closing(closures: Iterable[JsonObject]) -> date | None:
    """Up to which day an office's books are closed (fineract-api.md 4.4, 5.3)."""
    days = [as_date(row.get("closingDate")) for row in closures if row.get("deleted") is not True]
    return max((day for day in days if day is not None), default=None)


def _is_reversed(row: JsonObject) -> bool:
    """Taken back, or the counter-row of one that was (fineract-api.md 4.2, `reverse`)."""
    names = ("reversed", "manuallyReversed", "isReversal")
    return any(row.get(name) is True for name in names)


def _payment(facts: AccountFacts, row: JsonObject) -> Transaction | None:
    return understand_transaction(facts.account_kind, facts.account_id, row, facts.digits)


def _entry(facts: AccountFacts, row: JsonObject) -> Entry:
    kind = as_object(row.get("transactionType") or row.get("type"))
    type_id = as_integer(kind.get("id")) or 0
    amount_minor = exact_minor(row.get("amount"), facts.digits)
    moves = facts.account_kind == "savings" and type_id not in _NOT_BALANCE
    sign = 1 if as_text(row.get("entryType")) == "CREDIT" else -1
    return Entry(
        transaction_id=str(as_integer(row.get("id")) or 0),
        type_id=type_id,
        amount_minor=amount_minor,
        moved_minor=sign * amount_minor if moves else 0,
        day=as_date(row.get("date")) or date.min,
        payment=_payment(facts, row),
    )
