"""Just before each call: one batch of reads checks its accounts and looks for the same money there.

DESIGN 7.1 "Material facts", section 5 "Already in Fineract" (on the target accounts).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.model.posting import Posting
from mmrecon.posting.account_reads import AccountRead, read_accounts
from mmrecon.posting.already import by_amount, by_receipt, judge, lines, strangers
from mmrecon.posting.closed_days import ClosedDays
from mmrecon.posting.context import PostingContext
from mmrecon.posting.facts import (
    changed_account,
    changed_line,
    left_of_account,
    needed_of_account,
)
from mmrecon.posting.plan import Account, account_of
from mmrecon.posting.settle import Withdrawal, day_arguments
from mmrecon.store.database import reading
from mmrecon.store.posting_lines import (
    Known,
    PostedLine,
    asked_before,
    known_on_accounts,
    lines_of,
    ready_batches,
)
from mmrecon.store.posting_reads import postings_of


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store says of the postings of one call, their lines and their accounts."""

    postings: Sequence[Posting]
    known: Known
    lines: Mapping[int, PostedLine]
    asked: Mapping[int, set[str]]
    ready: set[str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything the gate judges by."""

    accounts: Mapping[Account, AccountRead]
    strangers: Sequence[Transaction]
    stored: Stored
    days: ClosedDays


def read_stored(context: PostingContext, posting_ids: Collection[int]) -> Stored:
    """All that one call needs of the store, in one view of it.

    Read before Fineract is: no other worker posts to these accounts, and a run changes no line.
    """
    with reading(context.engine) as connection:
        postings = postings_of(connection, posting_ids)
        line_ids = {posting.line_id for posting in postings if posting.line_id is not None}
        return Stored(
            postings,
            known_on_accounts(connection, {posting.account_id for posting in postings}),
            lines_of(connection, line_ids),
            asked_before(connection, line_ids),
            ready_batches(connection, {posting.batch_id for posting in postings}),
        )


def check(
    context: PostingContext,
    client: FineractClient,
    days: ClosedDays,
    stored: Stored,
    postings: Sequence[Posting],
) -> list[Withdrawal]:
    """Lines of one call that must not be sent as approved; the others may go at once.

    Where the tenant's days had to be asked for, which may take long, the accounts are read anew.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    accounts = read_accounts(client, postings)
    transactions = [one for read in accounts.values() for one in read.transactions]
    seen = _Seen(accounts, strangers(transactions, stored.known), stored, days)
    asked = days.asked
    judged = [_judge(context, seen, legs, postings) for legs in lines(postings)]
    if days.asked > asked:
        return check(context, client, days, stored, postings)
    return [withdrawal for withdrawal in judged if withdrawal is not None]


def _judge(
    context: PostingContext, seen: _Seen, legs: Sequence[Posting], together: Sequence[Posting]
) -> Withdrawal | None:
    for leg in legs:
        line = None if leg.line_id is None else seen.stored.lines.get(leg.line_id)
        code = changed_line(leg, line, context.clock()) or changed_account(
            leg,
            seen.accounts[account_of(leg)].facts,
            needed_of_account(leg, together),
            context.tolerance_minor.get(leg.wallet_id, 0),
        )
        code = code or _refused_day(seen, leg)
        if code:
            left = left_of_account(leg, seen.accounts[account_of(leg)].facts)
            return Withdrawal(leg, code, day_arguments(leg) | {"left": left})
    asked = seen.stored.asked.get(legs[0].line_id or 0, set())
    hits = by_receipt(legs, seen.strangers)
    client_of_hit = _owner(seen.accounts, hits[0]) if hits else None
    ready = all(leg.batch_id in seen.stored.ready for leg in legs)
    found = judge(legs, hits, ready=ready, client_of_hit=client_of_hit, asked=asked)
    found = found or by_amount(legs, seen.strangers, asked)
    return None if found is None else Withdrawal(legs[0], found.code, found.arguments())


def _refused_day(seen: _Seen, leg: Posting) -> str:
    facts = seen.accounts[account_of(leg)].facts
    return "" if facts is None else seen.days.reason(leg, facts)


def _owner(accounts: Mapping[Account, AccountRead], hit: Transaction) -> int | None:
    read = accounts.get((hit.account_kind, hit.account_id))
    return None if read is None or read.facts is None else read.facts.client_id
