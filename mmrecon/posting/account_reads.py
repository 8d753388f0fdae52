"""Accounts with their payments, several in one non-enclosing batch of reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.client import FineractClient, fineract_answer, successful
from mmrecon.fineract.contract import JsonObject, Reply, as_object
from mmrecon.fineract.contract_reads import (
    AccountFacts,
    Transaction,
    understand_account,
    understand_transactions,
)
from mmrecon.fineract.contract_requests import build_account_read
from mmrecon.model.posting import Posting
from mmrecon.posting.already import period
from mmrecon.posting.look_up import savings_transactions
from mmrecon.posting.plan import Account, account_of


@dataclass(frozen=True, slots=True)
class AccountRead:
    """One account as it is now; `facts` is None when Fineract has no such account."""

    facts: AccountFacts | None
    transactions: tuple[Transaction, ...] = ()


def read_accounts(
    client: FineractClient, postings: Sequence[Posting]
) -> dict[Account, AccountRead]:
    """The accounts that some postings touch, each read once.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    wanted = list(dict.fromkeys(account_of(posting) for posting in postings))
    if not wanted:
        return {}
    items = [build_account_read(*account, number) for number, account in enumerate(wanted, 1)]
    answer = client.batch(items, enclosing=False)
    if not answer.items:
        successful(fineract_answer(answer.whole, client.base_url), "batches")
    replies = answer.by_request()
    return {
        account: _read(client, account, _body(replies.get(number), account), postings)
        for number, account in enumerate(wanted, 1)
    }


def _read(
    client: FineractClient, account: Account, body: JsonObject, postings: Sequence[Posting]
) -> AccountRead:
    facts = understand_account(account[0], body)
    if facts is None:
        return AccountRead(None)
    if "transactions" in body or "lastActiveTransactionDate" not in body:
        found = understand_transactions(*account, body.get("transactions"), facts.digits)
    else:  # a server whose batches leave associations out
        legs = [posting for posting in postings if account_of(posting) == account]
        first, last = period(legs)
        found = savings_transactions(client, legs[0], first.isoformat(), last.isoformat())
    return AccountRead(facts, tuple(found))


def _body(reply: Reply | None, account: Account) -> JsonObject:
    """The account's JSON; empty when Fineract says that there is none."""
    if reply is None:
        raise OutsideUnreachable(
            "Fineract left a read out of its answer to a batch",
            hint="Run this again; nothing was sent.",
            code="fineract_refused",
        )
    if reply.status == 404:
        return {}
    return as_object(successful(reply, f"the {account[0]} account in a batch").json())
