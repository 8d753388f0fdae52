"""Reads postings back: account, amount, date, receipt, not reversed; loans by external id.

An account is read once for all its postings. A loan transaction that was replayed under a new id
is no drift (fineract-api.md 3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.model.posting import Posting, PostingState
from mmrecon.model.resolution import RESOLVED_BY_PERSON
from mmrecon.posting.account_reads import AccountRead, read_accounts
from mmrecon.posting.already import by_receipt, strangers
from mmrecon.posting.context import PostingContext
from mmrecon.posting.look_up import is_same, is_same_money
from mmrecon.posting.plan import Account, account_of
from mmrecon.store.database import reading, transaction
from mmrecon.store.posting_lines import known_on_accounts
from mmrecon.store.posting_reads import postings_in
from mmrecon.store.postings import Change, change_states, renumber
from mmrecon.store.review_reasons import ReviewReason, add_reasons

_ACCOUNTS_A_CALL = 20


@dataclass(frozen=True, slots=True)
class Read:
    """What the ledger says of one posting; `code` is empty when it is as posted.

    `transaction_id` is its number now: a replay gives it another one, and that is no drift.
    `second` is a transaction on its account that carries its receipt too.
    """

    posting: Posting
    code: str = ""
    transaction_id: str = ""
    second: Transaction | None = None


def verify_postings(
    context: PostingContext, client: FineractClient, states: Sequence[PostingState]
) -> list[Read]:
    """Read back every posting in some states; what is as posted becomes `verified`.

    Codes: `reversed_outside` (its line is back in review), `posting_not_found`,
    `posting_differs`, `receipt_twice`.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    with reading(context.engine) as connection:
        postings = postings_in(connection, states, shadow=False)
    found: list[Read] = []
    for group in _groups(postings):
        if context.stop.is_set():
            break
        reads = read_accounts(client, group)
        with reading(context.engine) as connection:
            known = known_on_accounts(connection, {posting.account_id for posting in group})
        others = strangers((one for read in reads.values() for one in read.transactions), known)
        judged = [_judge(posting, reads[account_of(posting)], others) for posting in group]
        _write_down(context, judged)
        context.advance(len(group))
        found += judged
    return found


def _judge(posting: Posting, read: AccountRead, others: Sequence[Transaction]) -> Read:
    there = next((one for one in read.transactions if _is_it(posting, one)), None)
    if there is None:
        return Read(posting, "posting_not_found")
    if there.reversed:
        return Read(posting, "reversed_outside")
    same = is_same_money if posting.reason == RESOLVED_BY_PERSON else is_same
    if not same(posting, there):
        return Read(posting, "posting_differs")
    second = next(iter(by_receipt([posting], others)), None)
    return Read(posting, "receipt_twice" if second else "", there.transaction_id, second)


def _is_it(posting: Posting, transaction: Transaction) -> bool:
    if posting.account_kind == "loan" and posting.reason != RESOLVED_BY_PERSON:
        return transaction.external_id == posting.external_id
    return transaction.transaction_id == posting.transaction_id


def _write_down(context: PostingContext, judged: Sequence[Read]) -> None:
    at_utc = context.at_utc()
    changes = [
        Change(read.posting.posting_id, {read.posting.state}, state, _reason_after(read))
        for read in judged
        if (state := _state_after(read)) is not read.posting.state
    ]
    reasons = [
        ReviewReason(read.posting.line_id, read.code, {"leg": read.posting.leg})
        for read in judged
        if read.code == "reversed_outside" and read.posting.line_id is not None
    ]
    numbers = {
        read.posting.posting_id: (read.posting.transaction_id, read.transaction_id)
        for read in judged
        if read.transaction_id not in ("", read.posting.transaction_id)
    }
    with transaction(context.engine) as connection:
        change_states(connection, changes, at_utc=at_utc, run_id=context.run_id)
        renumber(connection, numbers, at_utc=at_utc, run_id=context.run_id)
        add_reasons(connection, reasons, at_utc=at_utc)


def _reason_after(read: Read) -> str:
    """That a person ended it goes on being known: its details are not mmrecon's."""
    by_person = read.posting.reason == RESOLVED_BY_PERSON
    return read.posting.reason if by_person and not read.code else read.code


def _state_after(read: Read) -> PostingState:
    if read.code in {"", "receipt_twice"}:
        return PostingState.VERIFIED
    if read.code == "reversed_outside":
        return PostingState.REVERSED_OUTSIDE
    return read.posting.state


def _groups(postings: Sequence[Posting]) -> Iterator[list[Posting]]:
    """Postings of a few accounts at a time; no account in two groups."""
    by_account: dict[Account, list[Posting]] = {}
    for posting in postings:
        by_account.setdefault(account_of(posting), []).append(posting)
    accounts = list(by_account)
    for start in range(0, len(accounts), _ACCOUNTS_A_CALL):
        chunk = accounts[start : start + _ACCOUNTS_A_CALL]
        yield [posting for account in chunk for posting in by_account[account]]
