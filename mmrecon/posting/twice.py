"""After posting: does a receipt of ours stand in Fineract once more? Read from the wallets' books.

`verify` searches again (DESIGN section 5): somebody may have typed a receipt after mmrecon sent
it, on any account; and a store that was put back may not know what mmrecon itself posted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mmrecon.config import WalletSettings
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction, normalised_receipt
from mmrecon.posting.already import AFTER, BEFORE, strangers
from mmrecon.posting.books import read_books, sees_books
from mmrecon.posting.context import PostingContext
from mmrecon.posting.marks import batches_named
from mmrecon.store.claims import Claim, Twice
from mmrecon.store.database import reading
from mmrecon.store.posting_lines import known_transactions


@dataclass(frozen=True, slots=True)
class SeenTwice:
    """What of ours stands, and what stands beside it."""

    claim: Claim
    twice: Twice


def search_twice(
    context: PostingContext,
    client: FineractClient,
    wallets: Mapping[int, WalletSettings],
    claims: Sequence[Claim],
    today: str,
) -> tuple[list[SeenTwice], list[str]]:
    """What stands twice, and the wallets (by name) whose books could not be searched.

    `wallets` by wallet_id; `today` is Fineract's business date (ISO).

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    found: list[SeenTwice] = []
    unseen: list[str] = []
    for wallet_id, wallet in wallets.items():
        own = [claim for claim in claims if claim.wallet_id == wallet_id]
        if not own or context.stop.is_set():
            continue
        first, last = _period(own)
        if not sees_books(client, wallet, last):
            unseen.append(wallet.name)
            continue
        found += _beside(context, own, read_books(client, wallet, first, last, today))
    return found, unseen


def twice_of(line_id: int, other: Transaction) -> Twice:
    """A transaction beside the money of a line, as it is kept."""
    return Twice(
        line_id=line_id,
        account_kind=other.account_kind,
        account_id=other.account_id,
        transaction_id=other.transaction_id,
        amount_minor=other.amount_minor,
        day=other.day.isoformat(),
        batch_id=min(batches_named(other), default=""),
    )


def _period(claims: Sequence[Claim]) -> tuple[str, str]:
    days = [date.fromisoformat(claim.value_date) for claim in claims]
    return (min(days) - BEFORE).isoformat(), (max(days) + AFTER).isoformat()


def _beside(
    context: PostingContext, claims: Sequence[Claim], booked: Sequence[Transaction]
) -> Iterator[SeenTwice]:
    """Each transaction beside our own once, with the first of ours that has its receipt."""
    ours = {(normalised_receipt(one.receipt), one.sign): one for one in reversed(claims)}
    hits = [
        (ours[receipt, other.sign], other)
        for other in booked
        for receipt in sorted(other.receipts)
        if (receipt, other.sign) in ours
    ]
    with reading(context.engine) as connection:
        known = known_transactions(connection, {other.transaction_id for _, other in hits})
    unknown = {id(one) for one in strangers((other for _, other in hits), known)}
    seen = set()
    for claim, other in hits:
        key = (other.account_kind, other.transaction_id)
        if id(other) in unknown and key not in seen:
            seen.add(key)
            yield SeenTwice(claim, twice_of(claim.line_id, other))
