"""`verify`, second part: receipts of ours that stand in Fineract twice, told and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from mmrecon.config import WalletSettings
from mmrecon.fineract.client import FineractClient
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.pipeline.run import Run
from mmrecon.posting.context import PostingContext
from mmrecon.posting.twice import SeenTwice, search_twice, twice_of
from mmrecon.posting.verify import Read
from mmrecon.store.claims import claims, note_twice
from mmrecon.store.database import reading, transaction


def receipts_twice(
    run: Run,
    context: PostingContext,
    client: FineractClient,
    wallets: Mapping[int, WalletSettings],
    reads: Sequence[Read],
    today: date,
) -> list[Issue]:
    """One issue for each transaction beside our own, seen on its account or in the books.

    Raises:
        OutsideUnreachable: Fineract does not answer, or does not let this user read.
    """
    with reading(run.engine) as connection:
        known = claims(connection)
    seen, unseen = search_twice(context, client, wallets, known, today.isoformat())
    of_transaction = {(one.account_kind, one.transaction_id): one for one in known}
    for read in reads:
        claim = of_transaction.get((read.posting.account_kind, read.transaction_id))
        if claim is not None and read.second is not None:
            seen.append(SeenTwice(claim, twice_of(claim.line_id, read.second)))
    found = {one.twice.key: one for one in seen}
    if not context.stop.is_set():
        with transaction(run.engine) as connection:
            kept = [one.twice for one in found.values()]
            note_twice(connection, kept, at_utc=run.at_utc(), run_id=run.run_id)
    names = {wallet_id: wallet.name for wallet_id, wallet in wallets.items()}
    issues = [_issue(one, names.get(one.claim.wallet_id, "")) for one in found.values()]
    return [*issues, *(Issue("books_not_searched", wallet=name) for name in unseen)]


def _issue(one: SeenTwice, wallet: str) -> Issue:
    claim, twice = one.claim, one.twice
    arguments: dict[str, str | int] = {
        "receipt": claim.receipt,
        "account": f"{claim.account_kind} {claim.account_id}",
        "transaction_id": claim.transaction_id,
        "whose": "posted here" if claim.is_posting else "linked here",
        "other_account": f"{twice.account_kind} {twice.account_id}",
        "other_transaction_id": twice.transaction_id,
        "amount": to_text(twice.amount_minor, claim.currency),
        "day": twice.day,
        "made_by": twice.made_by(),
    }
    code = "receipt_twice" if claim.is_posting else "linked_receipt_twice"
    return Issue(code, wallet=wallet, receipt=claim.receipt, arguments=arguments)
