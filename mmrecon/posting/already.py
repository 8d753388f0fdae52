"""Is this money in Fineract already? Never an automatic skip, never a double (DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Final

from mmrecon.fineract.contract_reads import Transaction, normalised_receipt
from mmrecon.model.found import POSTED_BY_MMRECON, POSTED_ELSEWHERE, PROBABLY_POSTED
from mmrecon.model.posting import Command, Posting, Slip
from mmrecon.posting.marks import batches_named
from mmrecon.store.posting_lines import Known

BEFORE: Final = timedelta(days=1)
AFTER: Final = timedelta(days=7)

_INTO_THE_WALLET: Final = frozenset({Command.SAVINGS_DEPOSIT, Command.LOAN_REPAYMENT})


@dataclass(frozen=True, slots=True)
class Found:
    """A transaction that may be this line's money, and what to make of it."""

    code: str
    transaction: Transaction

    def arguments(self) -> dict[str, str | int]:
        """What the review reason keeps, nothing personal; `batch_id` as mmrecon's note names it."""
        told: dict[str, str | int] = {
            "account_kind": self.transaction.account_kind,
            "account_id": self.transaction.account_id,
            "transaction_id": self.transaction.transaction_id,
            "amount_minor": self.transaction.amount_minor,
            "day": self.transaction.day.isoformat(),
        }
        batch_id = min(batches_named(self.transaction), default="")
        return told | ({"batch_id": batch_id} if batch_id else {})


def found_by_receipt(hits: Sequence[Transaction], *, exact: bool) -> Found:
    """What the first of some transactions with a line's receipt is: an exact hit, or a question.

    One that mmrecon's own note stands on is named before all others.
    """
    ours = [hit for hit in hits if batches_named(hit)]
    first = next(iter([*ours, *hits]))
    if exact:
        return Found(POSTED_ELSEWHERE, first)
    return Found(POSTED_BY_MMRECON if ours else PROBABLY_POSTED, first)


def strangers(transactions: Iterable[Transaction], known: Known) -> list[Transaction]:
    """Transactions that stand and that mmrecon neither made nor linked."""
    return [
        transaction
        for transaction in transactions
        if not transaction.reversed
        and (transaction.account_kind, transaction.transaction_id) not in known.transactions
        and transaction.external_id not in known.external_ids
    ]


def by_receipt(legs: Sequence[Posting], others: Iterable[Transaction]) -> list[Transaction]:
    """Strangers that carry the line's receipt in any payment field, in its direction."""
    receipt = normalised_receipt(legs[0].receipt)
    sign = _sign(legs[0])
    return [
        other for other in others if receipt and receipt in other.receipts and other.sign == sign
    ]


def judge(
    legs: Sequence[Posting],
    hits: Sequence[Transaction],
    *,
    ready: bool,
    client_of_hit: int | None,
    asked: Collection[str] = (),
) -> Found | None:
    """What transactions with the line's receipt mean; a person's earlier answer is not asked again.

    Exact (one hit of the line's amount on an account of the one client that ready evidence
    names) is proposed as a link; anything else is a question. What mmrecon itself posted for this
    receipt is this money, whatever a person answered: it ends as a link, or reversed.
    """
    open_hits = [hit for hit in hits if batches_named(hit) or hit.transaction_id not in asked]
    if not open_hits:
        return None
    first = open_hits[0]
    amount_minor = sum(leg.amount_minor for leg in legs)
    clients = {leg.client_id for leg in legs}
    exact = (
        ready
        and len(open_hits) == 1
        and first.amount_minor == amount_minor
        and client_of_hit is not None
        and clients == {client_of_hit}
    )
    return found_by_receipt(open_hits, exact=exact)


def by_amount(
    legs: Sequence[Posting], others: Iterable[Transaction], asked: Collection[str] = ()
) -> Found | None:
    """A stranger of the same amount about the same days, without a receipt, on a target account."""
    amounts = {leg.posted_minor for leg in legs} | {sum(leg.amount_minor for leg in legs)}
    targets = {(leg.account_kind, leg.account_id) for leg in legs}
    for other in others:
        if (
            (other.account_kind, other.account_id) in targets
            and other.sign == _sign(legs[0])
            and other.amount_minor in amounts
            and not other.receipt
            and _near(legs[0], other)
            and other.transaction_id not in asked
        ):
            return Found(PROBABLY_POSTED, other)
    return None


def by_sum(
    lines_of_run: Sequence[Sequence[Posting]], others: Iterable[Transaction]
) -> list[tuple[Sequence[Posting], Found]]:
    """Lines whose money together is one transaction on an account of their one client.

    Somebody typed several receipts as one sum: without a receipt, or with the receipt of one of
    them. Pairs, triples, and all of a client's lines are tried; each such line is a question.
    """
    by_client: dict[int, list[Sequence[Posting]]] = {}
    for legs in lines_of_run:
        owners = {leg.client_id for leg in legs}
        owner = next(iter(owners))
        if len(owners) == 1 and owner is not None:
            by_client.setdefault(owner, []).append(legs)
    several = {owner: found for owner, found in by_client.items() if len(found) > 1}
    owner_of = {
        (leg.account_kind, leg.account_id): owner
        for owner, found in several.items()
        for legs in found
        for leg in legs
    }
    return [
        hit
        for other in others
        if (owner := owner_of.get((other.account_kind, other.account_id))) is not None
        for hit in _together(several[owner], other)
    ]


_TOGETHER_AT_MOST: Final = 24


def _together(
    lines_of_client: Sequence[Sequence[Posting]], other: Transaction
) -> list[tuple[Sequence[Posting], Found]]:
    near = [
        legs
        for legs in lines_of_client[:_TOGETHER_AT_MOST]
        if _sign(legs[0]) == other.sign and _near(legs[0], other)
    ]
    receipts = {normalised_receipt(legs[0].receipt) for legs in near}
    if other.receipt and not other.receipts & receipts:
        return []
    for count in sorted({2, 3, len(near)}):
        for chosen in combinations(near, count):
            if sum(leg.amount_minor for legs in chosen for leg in legs) == other.amount_minor:
                return [(legs, Found(PROBABLY_POSTED, other)) for legs in chosen]
    return []


def _near(posting: Posting, other: Transaction) -> bool:
    first = date.fromisoformat(posting.paid_on or posting.value_date)
    return first - BEFORE <= other.day <= date.fromisoformat(posting.value_date) + AFTER


def period(postings: Iterable[Posting | Slip]) -> tuple[date, date]:
    """The days in which somebody may have posted this money."""
    found = [
        date.fromisoformat(day)
        for posting in postings
        for day in (posting.value_date, posting.paid_on)
        if day
    ]
    return min(found) - BEFORE, max(found) + AFTER


def lines(postings: Iterable[Posting]) -> Iterator[list[Posting]]:
    """Legs by line."""
    groups: dict[tuple[int | None, str], list[Posting]] = {}
    for posting in postings:
        source = "" if posting.line_id is not None else posting.source
        groups.setdefault((posting.line_id, source), []).append(posting)
    yield from groups.values()


def _sign(posting: Posting) -> int:
    return 1 if posting.command in _INTO_THE_WALLET else -1
