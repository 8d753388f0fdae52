"""After a restore, before anything is sent: what was posted meanwhile is found, or proved absent.

Only reads Fineract. The same key facts as in recovery: loans by external id, savings by account,
date, amount and receipt (DESIGN sections 5 and 7.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from mmrecon.config import WalletSettings
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction, normalised_receipt
from mmrecon.model.posting import Posting, PostingState
from mmrecon.posting.already import found_by_receipt, lines, period
from mmrecon.posting.books import read_books
from mmrecon.posting.context import PostingContext
from mmrecon.posting.look_up import Sight, look_up
from mmrecon.posting.marks import marked
from mmrecon.posting.recovery import Shown
from mmrecon.posting.settle import Withdrawal, withdraw
from mmrecon.store.database import reading, transaction
from mmrecon.store.instances import strange_marks
from mmrecon.store.lost_postings import OpenLine, open_lines
from mmrecon.store.posting_lines import known_on_accounts, known_transactions
from mmrecon.store.posting_reads import postings_in
from mmrecon.store.postings import Change, change_states
from mmrecon.store.review_reasons import ReviewReason, add_reasons

_UNSENT: Final = (PostingState.APPROVED, PostingState.DEFERRED)


@dataclass
class ReadAnew:
    """What was read: postings found and absent, lines that became questions, lost batches."""

    found: int = 0
    absent: int = 0
    unclear: int = 0
    questions: int = 0
    batches: set[str] = field(default_factory=set)

    def counts(self) -> dict[str, int]:
        """For the journal and for people."""
        return {
            "found": self.found,
            "absent": self.absent,
            "unclear": self.unclear,
            "questions": self.questions,
        }


def read_anew(
    context: PostingContext,
    client: FineractClient,
    wallets: Mapping[int, WalletSettings],
    known_from: str,
    today: str,
) -> ReadAnew:
    """Look every unsent posting up, and the wallets' books for what this store does not know.

    `wallets` by wallet_id; `known_from` is the day since when the store may have gaps.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    read = ReadAnew()
    with reading(context.engine) as connection:
        unsent = postings_in(connection, _UNSENT, shadow=False)
    for legs in lines(unsent):
        _look_line_up(context, client, legs, read)
    for wallet_id, wallet in wallets.items():
        own = [posting for posting in unsent if posting.wallet_id == wallet_id]
        first = min(known_from, period(own)[0].isoformat()) if own else known_from
        _search_books(context, client, (wallet_id, wallet), (first, today), read)
    return read


def _look_line_up(
    context: PostingContext, client: FineractClient, legs: Sequence[Posting], read: ReadAnew
) -> None:
    """Legs go together: where one is found and another is not, a person decides."""
    sights = [_look_up(context, client, leg) for leg in legs]
    shown = {sight.shown for sight in sights}
    found = sum(sight.shown is Shown.THERE for sight in sights)
    read.found += found
    if shown == {Shown.ABSENT}:
        read.absent += len(legs)
    elif found < len(legs):
        read.unclear += len(legs) - found
        leg = next(leg for leg, sight in zip(legs, sights, strict=True) if not _is_there(sight))
        withdraw(context, [Withdrawal(leg, "unclear_after_restore", {"leg": leg.leg})])


def _is_there(sight: Sight) -> bool:
    return sight.shown is Shown.THERE


def _look_up(context: PostingContext, client: FineractClient, leg: Posting) -> Sight:
    """One posting; found, it is posted at once, so that no other one claims its transaction."""
    with reading(context.engine) as connection:
        known = known_on_accounts(connection, {leg.account_id})
    sight = look_up(client, leg, known)
    if _is_there(sight):
        change = Change(
            leg.posting_id,
            {leg.state},
            PostingState.POSTED,
            "found_after_restore",
            sight.transaction_id,
        )
        with transaction(context.engine) as connection:
            at_utc = context.at_utc()
            change_states(connection, [change], at_utc=at_utc, run_id=context.run_id)
    return sight


def _search_books(
    context: PostingContext,
    client: FineractClient,
    wallet: tuple[int, WalletSettings],
    days: tuple[str, str],
    read: ReadAnew,
) -> None:
    """Postings of batches that this store does not know: their lines are questions now."""
    wallet_id, settings = wallet
    first, today = days
    found = marked(read_books(client, settings, first, today, today), settings)
    with transaction(context.engine) as connection:
        lost = strange_marks(connection, found)
        strange = [one for mark in lost for one in found[mark]]
        known = known_transactions(connection, {one.transaction_id for one in strange}).transactions
        strange = [one for one in strange if (one.account_kind, one.transaction_id) not in known]
        reasons = _reasons(open_lines(connection, wallet_id, _since(strange)), strange)
        add_reasons(connection, reasons, at_utc=context.at_utc())
    read.batches |= set(lost.values())
    read.questions += len({reason.line_id for reason in reasons})


def _since(strange: Sequence[Transaction]) -> str:
    return min((one.day for one in strange), default=date.max).isoformat()


def _reasons(candidates: Sequence[OpenLine], strange: Sequence[Transaction]) -> list[ReviewReason]:
    by_receipt: dict[tuple[str, int], list[Transaction]] = {}
    for one in strange:
        for receipt in one.receipts:
            by_receipt.setdefault((receipt, one.sign), []).append(one)
    reasons = []
    for line in candidates:
        hits = by_receipt.get((normalised_receipt(line.receipt), line.sign), [])
        if hits:
            exact = len(hits) == 1 and hits[0].amount_minor == line.amount_minor
            told = [found_by_receipt([hit], exact=exact) for hit in hits]
            reasons += [ReviewReason(line.line_id, one.code, one.arguments()) for one in told]
    return reasons
