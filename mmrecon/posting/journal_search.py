"""Before anything is sent: is money of these lines in the wallet's books already? DESIGN 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mmrecon.config import WalletSettings
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract import as_integer, as_object
from mmrecon.fineract.contract_reads import Transaction, normalised_receipt
from mmrecon.model.posting import Posting, Slip
from mmrecon.posting.already import by_receipt, by_sum, judge, lines, period, strangers
from mmrecon.posting.books import read_books, sees_books
from mmrecon.posting.context import PostingContext
from mmrecon.posting.marks import marked
from mmrecon.posting.portions import portions
from mmrecon.posting.settle import Withdrawal
from mmrecon.store.database import reading
from mmrecon.store.posting_lines import asked_before, known_transactions, ready_batches
from mmrecon.store.posting_reads import postings_of


@dataclass(frozen=True, slots=True)
class Searched:
    """Lines that seem to be posted already, and the wallets whose books could not be searched.

    `marks` are mmrecon's own (`batch/row`) in a wallet's books, by wallet_id.
    """

    withdrawals: tuple[Withdrawal, ...]
    unseen_wallets: tuple[str, ...]
    marks: Mapping[int, frozenset[str]]


def search_journal(
    context: PostingContext,
    client: FineractClient,
    wallets: Mapping[int, WalletSettings],
    slips: Sequence[Slip],
    today: str,
) -> Searched:
    """Receipts of lines about to be sent, under every payment type, by value and booking date.

    `wallets` by wallet_id; `today` is Fineract's business date (ISO). Postings are loaded in
    portions; all lines of a client are in one, because somebody may have typed their sum.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    withdrawals: list[Withdrawal] = []
    unseen: list[str] = []
    marks: dict[int, frozenset[str]] = {}
    for wallet_id, wallet in wallets.items():
        own = [slip for slip in slips if slip.wallet_id == wallet_id]
        if not own:
            continue
        first, last = (day.isoformat() for day in period(own))
        if not sees_books(client, wallet, last):
            unseen.append(wallet.name)
            continue
        booked = read_books(client, wallet, first, last, today)
        marks[wallet_id] = frozenset(marked(booked, wallet))
        index = _by_receipt(booked)
        for portion in portions(own, context.portion_postings):
            with reading(context.engine) as connection:
                postings = postings_of(connection, portion)
            withdrawals += _judge_all(context, client, postings, booked, index)
    return Searched(tuple(withdrawals), tuple(unseen), marks)


def _judge_all(
    context: PostingContext,
    client: FineractClient,
    postings: Sequence[Posting],
    booked: Sequence[Transaction],
    index: Callable[[str], list[Transaction]],
) -> list[Withdrawal]:
    hit_lines = [
        (legs, hits)
        for legs in lines(postings)
        if (hits := by_receipt(legs, index(legs[0].receipt)))
    ]
    with reading(context.engine) as connection:
        numbers = {hit.transaction_id for _, hits in hit_lines for hit in hits}
        known = known_transactions(connection, numbers)
        asked = asked_before(connection, {legs[0].line_id or 0 for legs, _ in hit_lines})
        ready = ready_batches(connection, {legs[0].batch_id for legs, _ in hit_lines})
    found = []
    for legs, hits in hit_lines:
        open_hits = strangers(hits, known)
        result = judge(
            legs,
            open_hits,
            ready=all(leg.batch_id in ready for leg in legs),
            client_of_hit=_owner(client, open_hits[0]) if open_hits else None,
            asked=asked.get(legs[0].line_id or 0, set()),
        )
        if result is not None:
            found.append(Withdrawal(legs[0], result.code, result.arguments()))
    return [*found, *_sums(context, postings, booked)]


def _sums(
    context: PostingContext, postings: Sequence[Posting], booked: Sequence[Transaction]
) -> list[Withdrawal]:
    """Lines of one client that somebody seems to have typed together, as one sum."""
    hits = by_sum(list(lines(postings)), booked)
    with reading(context.engine) as connection:
        known = known_transactions(
            connection, {found.transaction.transaction_id for _, found in hits}
        )
        asked = asked_before(connection, {legs[0].line_id or 0 for legs, _ in hits})
    return [
        Withdrawal(legs[0], found.code, found.arguments())
        for legs, found in hits
        if strangers([found.transaction], known)
        and found.transaction.transaction_id not in asked.get(legs[0].line_id or 0, set())
    ]


def _by_receipt(booked: Sequence[Transaction]) -> Callable[[str], list[Transaction]]:
    index: dict[str, list[Transaction]] = {}
    for transaction in booked:
        for receipt in transaction.receipts:
            index.setdefault(receipt, []).append(transaction)

    def found(receipt: str) -> list[Transaction]:
        return index.get(normalised_receipt(receipt), [])

    return found


def _owner(client: FineractClient, hit: Transaction) -> int | None:
    """Whose account a stranger is on; few are asked for."""
    path = {"savings": "savingsaccounts", "loan": "loans"}.get(hit.account_kind)
    if path is None:
        return None
    return as_integer(as_object(client.get(f"{path}/{hit.account_id}")).get("clientId"))
