"""What the ledger shows of a posting whose answer was lost (DESIGN 7.3, "found again by")."""

from __future__ import annotations

from dataclasses import dataclass

from mmrecon.fineract.client import FineractClient, successful
from mmrecon.fineract.contract import as_integer, as_object
from mmrecon.fineract.contract_reads import (
    Transaction,
    normalised_receipt,
    understand_transaction,
    understand_transactions,
)
from mmrecon.fineract.contract_replies import refusal_code
from mmrecon.fineract.contract_requests import search_parameters, transaction_path
from mmrecon.model.money import digits_of
from mmrecon.model.posting import Command, Posting
from mmrecon.posting.recovery import Shown
from mmrecon.store.posting_lines import Known

_SEARCH_ROWS = 200
_ON_ANOTHER_LOAN = "error.msg.loan.transaction.id.invalid"
_MONEY_IN = frozenset({Command.SAVINGS_DEPOSIT, Command.LOAN_REPAYMENT})


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen; `transaction_id` when it is there."""

    shown: Shown
    transaction_id: str = ""


def look_up(client: FineractClient, posting: Posting, known: Known) -> Sight:
    """Find a posting in the ledger; `known` are transactions that other postings account for.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    if posting.account_kind == "loan":
        return _look_up_loan(client, posting)
    found = [
        one
        for one in savings_transactions(client, posting, posting.value_date, posting.value_date)
        if is_same(posting, one) and ("savings", one.transaction_id) not in known.transactions
    ]
    standing = [one for one in found if not one.reversed]
    if len(standing) == 1:
        return Sight(Shown.THERE, standing[0].transaction_id)
    if standing:
        return Sight(Shown.ELSEWHERE)
    return Sight(Shown.REVERSED if found else Shown.ABSENT)


def read_transaction(
    client: FineractClient, account_kind: str, account_id: int, transaction_id: str, currency: str
) -> Transaction | None:
    """One transaction by its id; None when the account has none of that id, or it is no payment.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    plural = "loans" if account_kind == "loan" else "savingsaccounts"
    path = f"{plural}/{account_id}/transactions/{transaction_id}"
    reply = client.ask(path)
    if reply.status == 404:
        return None
    body = as_object(successful(reply, path).json())
    owner = as_integer(body.get("loanId" if account_kind == "loan" else "accountId"))
    if owner != account_id:
        return None
    return understand_transaction(account_kind, account_id, body, digits_of(currency))


def savings_transactions(
    client: FineractClient, posting: Posting, first_day: str, last_day: str
) -> list[Transaction]:
    """Payments of a savings account in a period of value dates; pages until one is short (4.3)."""
    path = f"savingsaccounts/{posting.account_id}/transactions/search"
    digits = digits_of(posting.currency)
    found: list[Transaction] = []
    page = 0
    while True:
        parameters = search_parameters(first_day, last_day, page, _SEARCH_ROWS)
        content = as_object(client.get(path, parameters)).get("content")
        found += understand_transactions("savings", posting.account_id, content, digits)
        if not isinstance(content, list) or len(content) < _SEARCH_ROWS:
            return found
        page += 1


def is_same(posting: Posting, transaction: Transaction) -> bool:
    """Whether a transaction has the posting's direction, amount, date and receipt."""
    same_receipt = normalised_receipt(transaction.receipt) == normalised_receipt(posting.receipt)
    return same_receipt and is_same_money(posting, transaction)


def is_same_money(posting: Posting, transaction: Transaction) -> bool:
    """Whether a transaction has the posting's direction, amount and date, whatever its details."""
    return (
        transaction.sign == (1 if posting.command in _MONEY_IN else -1)
        and transaction.amount_minor == posting.posted_minor
        and transaction.day.isoformat() == posting.value_date
    )


def _look_up_loan(client: FineractClient, posting: Posting) -> Sight:
    path = transaction_path(posting)
    reply = client.ask(path)
    body = as_object(reply.json())
    if reply.status == 404:
        elsewhere = refusal_code(body) == _ON_ANOTHER_LOAN
        return Sight(Shown.ELSEWHERE if elsewhere else Shown.ABSENT)
    successful(reply, path)
    digits = digits_of(posting.currency)
    transaction = understand_transaction("loan", posting.account_id, body, digits)
    if transaction is None or as_integer(body.get("loanId")) != posting.account_id:
        return Sight(Shown.ELSEWHERE)
    shown = Shown.REVERSED if transaction.reversed else Shown.THERE
    return Sight(shown, transaction.transaction_id)
